//! Has processes run for a sixth of the time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

/// How often as long as they run they do not.
const TIMES: u32 = 5;
/// How long they run at a stretch: about as long as a system lets one of many run.
const RUN: Duration = Duration::from_millis(4);

/// While it lives, a group of processes is slow.
pub(super) struct Throttle {
    is_over: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Throttle {
    pub(super) fn of(group: Pid) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            // If the group is gone, whoever waits for it says so.
            let send = |signal| _ = kill_process_group(group, signal);
            while !seen.load(Ordering::Relaxed) {
                send(Signal::CONT);
                let start = Instant::now();
                thread::sleep(RUN);
                send(Signal::STOP);
                // It may have been longer than asked for.
                thread::sleep(start.elapsed() * TIMES);
            }
            send(Signal::CONT);
        });
        Self { is_over, thread: Some(thread) }
    }
}

impl Drop for Throttle {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it does not panic");
        }
    }
}
