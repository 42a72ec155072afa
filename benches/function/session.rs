//! One subject, running, with everything around it.

use crate::client::Client;
use crate::process::Process;
use crate::run::{Plan, Run};
use crate::server::{Server, spawn};
use crate::subject::{Kind, Ports, Subject, start_relay};
use crate::usage::Usage;
use crate::world::World;
use crate::{clock, gateway, lambda, secrets};
use std::sync::Arc;

pub struct Session {
    // First, so that it is ended before those it talks to.
    process: Option<Process>,
    callers: Callers,
    world: Arc<World>,
    started: u64,
    _servers: [Server; 3],
}

enum Callers {
    /// The function asks the Runtime API for work.
    Lambda,
    /// Clients call this port, each on a connection of its own: every caller is somebody else.
    Clients(u16),
}

impl Session {
    /// Starts a subject for so many conversations at once, and waits until it is ready.
    pub fn open(subject: &Subject, streams: usize) -> Result<Self, String> {
        Self::start(subject, streams).map_err(|error| format!("{}: {error}", subject.name))
    }

    fn start(subject: &Subject, streams: usize) -> Result<Self, String> {
        let told = |error: std::io::Error| error.to_string();
        let world = Arc::new(World::default());
        let servers = [
            Server::start(&world, lambda::serve).map_err(told)?,
            Server::start(&world, gateway::serve).map_err(told)?,
            Server::start(&world, secrets::serve).map_err(told)?,
        ];
        let [lambda, gateway, secrets] = servers.each_ref().map(|server| server.port);
        let started = clock::now();
        let (process, callers) = match &subject.kind {
            Kind::NoFunction => (None, Callers::Clients(gateway)),
            Kind::Limit => {
                let (relay, port) = start_relay(gateway, streams).map_err(told)?;
                (Some(relay), Callers::Clients(port))
            }
            Kind::Function(program) | Kind::Least(program) => {
                let function = program.start(&Ports { lambda, gateway, secrets }, streams).map_err(told)?;
                world.polled(streams)?;
                (Some(function), Callers::Lambda)
            }
        };
        Ok(Self { process, callers, world, started, _servers: servers })
    }

    /// Milliseconds from the start of the process to its first request for work, or to the secret if that came later.
    pub fn cold_start_ms(&self) -> Result<f64, String> {
        let polled = self.world.first_poll.get().unwrap_or_default();
        let read = self.world.secret_read.get().ok_or("the secret was not read at the start")?;
        Ok((polled.max(read) - self.started) as f64 / 1e6)
    }

    /// Has one conversation.
    pub fn converse(&self, plan: Plan) -> Result<Arc<Run>, String> {
        let runs = self.converse_at_once(plan, 1)?;
        runs.into_iter().next().ok_or("no conversation".to_owned())
    }

    /// Has so many conversations at once. Connections are opened before the clock runs.
    pub fn converse_at_once(&self, plan: Plan, streams: usize) -> Result<Vec<Arc<Run>>, String> {
        let runs: Vec<_> = (0..streams).map(|_| self.world.run(plan)).collect();
        match self.callers {
            Callers::Lambda => runs.iter().for_each(|run| self.world.enqueue(Arc::clone(run))),
            Callers::Clients(port) => {
                let connect = |_: &_| Client::connect(port).map_err(|error| error.to_string());
                let clients: Vec<Client> = runs.iter().map(connect).collect::<Result<_, _>>()?;
                for (client, run) in clients.into_iter().zip(runs.iter().cloned()) {
                    spawn(move || client.ask(&run));
                }
            }
        }
        runs.iter().try_for_each(|run| run.wait())?;
        Ok(runs)
    }

    /// What the process has used so far; nothing when there is none.
    pub fn usage(&self) -> Option<Usage> {
        self.process.as_ref().map(Process::usage)
    }
}
