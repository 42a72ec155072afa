//! One subject, running, with everything around it.

use crate::client::Client;
use crate::process::Process;
use crate::run::{Plan, Run};
use crate::server::Server;
use crate::subject::{Kind, Ports, Subject, start_relay};
use crate::usage::Usage;
use crate::world::World;
use crate::{clock, gateway, lambda, secrets};
use std::sync::Arc;
use std::thread;

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
    /// Clients, one for each stream.
    Clients(Vec<Client>),
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
        let clients =
            |port| (0..streams).map(|_| Client::connect(port)).collect::<Result<_, _>>().map_err(told);
        let started = clock::now();
        let (process, callers) = match &subject.kind {
            Kind::NoFunction => (None, Callers::Clients(clients(gateway)?)),
            Kind::Limit => {
                let (relay, port) = start_relay(gateway).map_err(told)?;
                (Some(relay), Callers::Clients(clients(port)?))
            }
            Kind::Function(program) => {
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
    pub fn converse(&mut self, plan: Plan) -> Result<Arc<Run>, String> {
        let run = self.world.run(plan);
        match &mut self.callers {
            Callers::Lambda => self.world.enqueue(Arc::clone(&run)),
            Callers::Clients(clients) => clients.first_mut().ok_or("no client")?.ask(&run),
        }
        run.wait().map(|()| run)
    }

    /// Has as many conversations at once as the session was opened for.
    pub fn converse_at_once(&mut self, plan: Plan, streams: usize) -> Result<Vec<Arc<Run>>, String> {
        let runs: Vec<_> = (0..streams).map(|_| self.world.run(plan)).collect();
        match &mut self.callers {
            Callers::Lambda => runs.iter().for_each(|run| self.world.enqueue(Arc::clone(run))),
            Callers::Clients(clients) => thread::scope(|scope| {
                for (client, run) in clients.iter_mut().zip(&runs) {
                    scope.spawn(move || client.ask(run));
                }
            }),
        }
        runs.iter().try_for_each(|run| run.wait())?;
        Ok(runs)
    }

    /// What the process has used so far; nothing when there is none.
    pub fn usage(&self) -> Option<Usage> {
        self.process.as_ref().map(Process::usage)
    }
}
