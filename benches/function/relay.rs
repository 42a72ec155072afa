//! The limit: a process that only copies bytes between a client and the gateway.

use crate::server::spawn;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

/// Connections that are ready while others still end.
const SPARE: usize = 4;

/// Prints its port, and copies until it is ended. Threads are started once, not for each connection: the scheduler
/// forgets what a thread took when it ends, and a start is no part of the limit.
pub fn main(gateway: u16, streams: usize) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?.port());
    for _ in 1..streams + SPARE {
        let listener = listener.try_clone()?;
        spawn(move || relay(&listener, gateway));
    }
    relay(&listener, gateway);
    Ok(())
}

/// Serves one connection after the other.
fn relay(listener: &TcpListener, gateway: u16) {
    let (requests, to_copy) = channel();
    spawn(move || copy_requests(&to_copy));
    for client in listener.incoming().flatten() {
        let copied = connect(gateway, &client).and_then(|server| {
            let _ = requests.send((client.try_clone()?, server.try_clone()?));
            copy(server, client)
        });
        // One that breaks is noticed by the client.
        drop(copied);
    }
}

fn connect(gateway: u16, client: &TcpStream) -> io::Result<TcpStream> {
    let server = TcpStream::connect(("127.0.0.1", gateway))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    Ok(server)
}

fn copy_requests(connections: &Receiver<(TcpStream, TcpStream)>) {
    for (client, server) in connections {
        drop(copy(client, server));
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer)? {
            0 => return to.shutdown(Shutdown::Write),
            length => to.write_all(&buffer[..length])?,
        }
    }
}
