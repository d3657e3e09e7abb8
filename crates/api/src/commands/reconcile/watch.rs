//! The progress of a run on a terminal, and its end by Ctrl-C.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use application::reconciliation::RunObserver;
use domain::GatewayName;
use tokio::signal::ctrl_c;

use crate::{tasks::Tasks, terminal::ProgressLine};

/// The exit status of a process that a second Ctrl-C ends, as a shell reports it.
const INTERRUPTED: i32 = 130;

/// Follows a run.
pub(super) struct Watch {
    is_stopped: Arc<AtomicBool>,
    line: Option<ProgressLine>,
    gateway: String,
}

impl Watch {
    /// Begins to listen for Ctrl-C. The first one ends the run between two payments, and the second one ends the
    /// process.
    pub(super) fn start() -> Self {
        let is_stopped = Arc::new(AtomicBool::new(false));
        // Nothing waits for this task: it ends with the process.
        Tasks::default().spawn_background(listen_for_stop(Arc::clone(&is_stopped)));
        Self { is_stopped, line: None, gateway: String::new() }
    }

    pub(super) fn begin(&mut self, gateway: &GatewayName) {
        self.gateway = gateway.to_string();
        self.line = Some(ProgressLine::new());
    }

    pub(super) fn end(&mut self) {
        self.line = None;
    }
}

async fn listen_for_stop(is_stopped: Arc<AtomicBool>) {
    // An error means that the signal cannot be listened for: then it ends the process, as without us.
    if ctrl_c().await.is_ok() {
        is_stopped.store(true, Ordering::Relaxed);
        if ctrl_c().await.is_ok() {
            // Nothing is half-done: every step is one commit.
            std::process::exit(INTERRUPTED);
        }
    }
}

impl RunObserver for Watch {
    fn before_payment(&mut self, done: u64) -> ControlFlow<()> {
        if let Some(line) = &self.line {
            line.show(|| format!("{}: {done} compared", self.gateway));
        }
        if self.is_stopped.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}
