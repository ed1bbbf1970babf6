//! Processes that we start, and their end: each is ended by its own number, also when we are interrupted or fail.

use crate::Result;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io::Read;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

/// What a shell reports of a program that was interrupted.
const INTERRUPTED: i32 = 130;

type Shared = Arc<Mutex<Child>>;

/// All that run now.
#[derive(Clone)]
pub struct Children(Arc<Mutex<Vec<Shared>>>);

/// Ends when this is dropped.
pub struct Running {
    child: Shared,
    all: Children,
    pub pid: u32,
}

impl Children {
    pub fn new() -> Result<Self> {
        let children = Self(Arc::default());
        let mut signals =
            Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(|error| error.to_string())?;
        let all = children.clone();
        std::thread::spawn(move || {
            if signals.forever().next().is_some() {
                // The list stays locked: nothing is started any more.
                let all = lock(&all.0);
                all.iter().for_each(end);
                std::process::exit(INTERRUPTED);
            }
        });
        Ok(children)
    }

    pub fn start(&self, command: &mut Command) -> Result<Running> {
        let mut all = lock(&self.0);
        let child = command.spawn().map_err(|error| {
            format!("cannot start {}: {error}", command.get_program().to_string_lossy())
        })?;
        let pid = child.id();
        let child = Arc::new(Mutex::new(child));
        all.push(Arc::clone(&child));
        Ok(Running { child, all: self.clone(), pid })
    }
}

impl Running {
    /// How it ended, if it has.
    pub fn ended(&self) -> Option<ExitStatus> {
        lock(&self.child).try_wait().ok().flatten()
    }

    /// What it wrote to the pipes that it was given, once it has closed them.
    pub fn output(&self, patience: Duration) -> Result<(String, String)> {
        let (out, err) = {
            let mut child = lock(&self.child);
            (child.stdout.take(), child.stderr.take())
        };
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let complaints = std::thread::spawn(move || text(err));
            let said = text(out);
            // Nobody waits for it any more when it took too long.
            _ = sender.send((said, complaints.join().unwrap_or_default()));
        });
        receiver.recv_timeout(patience).map_err(|_| format!("no end after {patience:?}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.all.0).retain(|child| !Arc::ptr_eq(child, &self.child));
        end(&self.child);
    }
}

fn end(child: &Shared) {
    let mut child = lock(child);
    // One that has ended by itself can't be ended again, which is fine.
    _ = child.kill();
    _ = child.wait();
}

fn text(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    // What a process wrote before it broke off is all there is.
    _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
