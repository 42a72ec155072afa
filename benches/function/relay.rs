//! The limit: a process that only copies bytes between a client and the gateway.

use crate::server::spawn;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

/// Prints its port, and copies until it is ended.
pub fn main(gateway: u16) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?.port());
    for client in listener.incoming().flatten() {
        let server = TcpStream::connect(("127.0.0.1", gateway))?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (client_too, server_too) = (client.try_clone()?, server.try_clone()?);
        spawn(move || drop(copy(client_too, server_too)));
        spawn(move || drop(copy(server, client)));
    }
    Ok(())
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
