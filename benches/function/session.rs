//! One subject, running, with what its servers share.

use crate::run::{Moment, Plan, Run};
use crate::subject::{NO_FUNCTION, Subject};
use crate::{Result, access::Access, process::Process, server};
use hyper::{Request, client::conn::http1::handshake};
use hyper_util::rt::TokioIo;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::{net::TcpStream, task::JoinSet};

pub struct Session {
    /// `None` where a client calls the gateway itself. Dropped first: it ends before the server that it talks to.
    pub process: Option<Process>,
    pub started: Moment,
    pub world: Arc<World>,
    _tasks: JoinSet<()>,
}

/// What the servers share.
pub struct World {
    pub access: &'static Access,
    /// Whether Secrets Manager, gateway and key host are 20 ms away.
    pub is_far: bool,
    pub first_poll: Moment,
    pub secret_read: Moment,
    runs: Mutex<Vec<Arc<Run>>>,
    queue: UnboundedSender<Arc<Run>>,
    work: tokio::sync::Mutex<UnboundedReceiver<Arc<Run>>>,
}

impl Session {
    /// Starts a subject for so many conversations at once.
    pub async fn open(subject: &Subject, is_far: bool, streams: usize) -> Result<Self> {
        let (queue, work) = unbounded_channel();
        let (access, work, mut tasks) = (subject.access, work.into(), JoinSet::new());
        let (first_poll, secret_read, runs) = Default::default();
        let world = Arc::new(World { access, is_far, first_poll, secret_read, runs, queue, work });
        let gateway = server::start(Arc::clone(&world), &mut tasks).await?;
        let started = Moment::from(Instant::now());
        let (process, called) = match &subject.function {
            Some(function) => (Some(subject.start_function(function, gateway, streams)?), None),
            None if subject.name == NO_FUNCTION => (None, Some(gateway)),
            None => subject.start_relay(gateway).map(|(relay, port)| (Some(relay), Some(port)))?,
        };
        for port in called.into_iter().cycle().take(streams) {
            tasks.spawn(ask(TcpStream::connect(("127.0.0.1", port)).await?, Arc::clone(&world)));
        }
        Ok(Self { process, started, world, _tasks: tasks })
    }

    /// Has so many conversations at once.
    pub async fn converse(&self, plan: Plan, streams: usize) -> Result<Vec<Arc<Run>>> {
        let mut runs = Vec::new();
        for _ in 0..streams {
            let mut all = self.world.runs.lock().unwrap();
            let run = Arc::new(Run::new(all.len(), plan));
            all.push(Arc::clone(&run));
            self.world.queue.send(Arc::clone(&run))?;
            runs.push(run);
        }
        for run in &runs {
            run.wait().await?;
        }
        Ok(runs)
    }
}

impl World {
    pub fn find(&self, number: &str) -> Option<Arc<Run>> {
        self.runs.lock().unwrap().get(number.parse::<usize>().ok()?).cloned()
    }

    /// Takes a poll and waits for work.
    pub async fn next(&self) -> Arc<Run> {
        let _ = self.first_poll.set(Instant::now());
        self.work.lock().await.recv().await.unwrap()
    }
}

/// A client with no function between: polls for work as one does, and asks the gateway itself.
async fn ask(stream: TcpStream, world: Arc<World>) {
    stream.set_nodelay(true).unwrap();
    let (mut client, connection) = handshake::<_, String>(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    loop {
        let run = world.next().await;
        let request = Request::post("/chat/completions").header("host", "gateway").body(run.question());
        client.ready().await.unwrap();
        let _ = run.delivered.set(Instant::now());
        run.read(client.send_request(request.unwrap()).await.unwrap().into_body()).await;
    }
}
