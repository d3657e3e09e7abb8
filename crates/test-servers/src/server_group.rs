//! What all servers have in common whose loss is tried, one or several that replace each other.

use std::{fmt::Debug, io};

use crate::server::{Server, ServerKind};

/// Servers, by their number from 0, that can be killed and stopped. A method with a number that is not there fails, and so
/// does one with a server that was killed, except [`kill`](Self::kill) and [`restart`](Self::restart).
pub trait ServerGroup: Debug {
    /// The port of each server on 127.0.0.1, which stays the same for the life of this value.
    fn ports(&self) -> Vec<u16>;

    /// Kills a server at once, as a crash does. Its files stay.
    ///
    /// # Errors
    /// See the trait.
    fn kill(&mut self, server: usize) -> io::Result<()>;

    /// Starts a server again that was killed, and waits until it has its place among the others and all data.
    ///
    /// # Errors
    /// When it does not start or join in time; the error then shows the end of its log.
    fn restart(&mut self, server: usize) -> io::Result<()>;

    /// Stops a server's process: connections are accepted, and nothing is answered.
    ///
    /// # Errors
    /// See the trait.
    fn pause(&mut self, server: usize) -> io::Result<()>;

    /// Lets the process of a paused server go on, and waits until it has its place among the others and all data.
    ///
    /// # Errors
    /// When it does not join in time.
    fn resume(&mut self, server: usize) -> io::Result<()>;
}

/// Servers of one kind that do not know each other.
impl<K: ServerKind + Debug> ServerGroup for Vec<Server<K>> {
    fn ports(&self) -> Vec<u16> {
        self.iter().map(Server::port).collect()
    }

    fn kill(&mut self, server: usize) -> io::Result<()> {
        self.get_mut(server).ok_or(io::ErrorKind::NotFound)?.kill()
    }

    fn restart(&mut self, server: usize) -> io::Result<()> {
        self.get_mut(server).ok_or(io::ErrorKind::NotFound)?.restart()
    }

    fn pause(&mut self, server: usize) -> io::Result<()> {
        Server::pause(self.get(server).ok_or(io::ErrorKind::NotFound)?)
    }

    fn resume(&mut self, server: usize) -> io::Result<()> {
        Server::resume(self.get(server).ok_or(io::ErrorKind::NotFound)?)
    }
}

impl<K: ServerKind + Debug> ServerGroup for Server<K> {
    fn ports(&self) -> Vec<u16> {
        vec![self.port()]
    }

    fn kill(&mut self, _: usize) -> io::Result<()> {
        Self::kill(self)
    }

    fn restart(&mut self, _: usize) -> io::Result<()> {
        Self::restart(self)
    }

    fn pause(&mut self, _: usize) -> io::Result<()> {
        Self::pause(self)
    }

    fn resume(&mut self, _: usize) -> io::Result<()> {
        Self::resume(self)
    }
}
