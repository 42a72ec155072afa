//! A server on a port of its own, one thread for each connection: a thread that blocks in `read` is woken by the
//! kernel directly, which is the least that can lie between an arrival and its moment.

use crate::wire::Wire;
use crate::world::World;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

type Handler = fn(&World, &mut Wire) -> io::Result<()>;

pub struct Server {
    pub port: u16,
    world: Arc<World>,
}

impl Server {
    pub fn start(world: &Arc<World>, handler: Handler) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let shared = Arc::clone(world);
        spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.is_closed() {
                    return;
                }
                let world = Arc::clone(&shared);
                // A connection that breaks is noticed where its conversation is waited for.
                spawn(move || drop(Wire::new(stream).and_then(|mut wire| handler(&world, &mut wire))));
            }
        });
        Ok(Self { port, world: Arc::clone(world) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.world.close();
        // `accept` returns once more, and sees that it is over.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// A thread with a small stack: there may be hundreds.
pub fn spawn(work: impl FnOnce() + Send + 'static) {
    let started = thread::Builder::new().stack_size(256 * 1024).spawn(work);
    drop(started.unwrap());
}
