//! What a child may still do. It locks itself in before anything of the plugin runs, and once more when the plugin is
//! loaded.
//!
//! System calls are allowed by list; any other fails with `EPERM`, as if the plugin ran in a system that does not let it.
//! While it is loaded files can be opened for reading, which the loader needs and a constructor in the plugin could use;
//! from then on there are memory, the socket, clocks and random numbers. There is never another process, a thread, a signal
//! to others, a network, or a file that is written.

use std::io::Error;

use libc::{c_int, c_long, rlimit, sock_filter, sock_fprog};

/// The most memory that a plugin may have for itself. A codec needs a hundredth.
const MOST_MEMORY: u64 = 256 << 20;
/// The most address space, the program's own included.
const MOST_ADDRESSES: u64 = 2 << 30;
/// The most open files: the loader opens one after another.
const MOST_FILES: u64 = 16;

/// Before anything of the plugin is there.
pub(super) fn enter() -> Result<(), String> {
    orphans_die()?;
    nothing_inherited()?;
    limits()?;
    no_new_privileges()?;
    let (mut read_only, every) = (Filter::new()?, [BASE, LOADING].concat());
    every.iter().for_each(|call| read_only.allow(*call));
    OPENING.iter().for_each(|(call, flags)| read_only.allow_if(*call, *flags, WRITING.cast_unsigned(), 0));
    read_only.allow_own_signals();
    read_only.put()
}

/// When the plugin is loaded.
pub(super) fn close() -> Result<(), String> {
    let mut filter = Filter::new()?;
    BASE.iter().for_each(|call| filter.allow(*call));
    filter.allow_own_signals();
    filter.put()
}

/// Memory, the socket, clocks, waiting, and the end.
const BASE: &[c_long] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getcpu,
    libc::SYS_getrandom,
    libc::SYS_sched_yield,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// What the loader needs besides, and this file to close up behind it.
const LOADING: &[c_long] = &[
    libc::SYS_pread64,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_readlinkat,
    libc::SYS_getcwd,
    libc::SYS_faccessat,
    libc::SYS_uname,
    libc::SYS_seccomp,
];

/// Opening a file, and which argument has its flags.
#[cfg(target_arch = "x86_64")]
const OPENING: &[(c_long, u32)] = &[(libc::SYS_openat, 2), (libc::SYS_open, 1)];
#[cfg(not(target_arch = "x86_64"))]
const OPENING: &[(c_long, u32)] = &[(libc::SYS_openat, 2)];

/// Flags of a file that is not only read.
const WRITING: c_int = libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND;

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const ARCHITECTURE: u32 = 0;

/// Where the kernel's view of a call has its number, its architecture and its arguments of eight bytes.
const NUMBER_AT: u32 = 0;
const ARCHITECTURE_AT: u32 = 4;
const ARGUMENTS_AT: u32 = 16;

/// A program for the kernel that looks at every system call.
struct Filter(Vec<sock_filter>);

impl Filter {
    fn new() -> Result<Self, String> {
        if ARCHITECTURE == 0 {
            return Err("this machine has no process tier: its system calls can not be filtered".to_owned());
        }
        let mut filter = Self(Vec::new());
        filter.load(ARCHITECTURE_AT);
        filter.skip_unless(libc::BPF_JEQ, ARCHITECTURE, 0, 1);
        filter.leave(libc::SECCOMP_RET_KILL_PROCESS);
        filter.load(NUMBER_AT);
        Ok(filter)
    }

    fn allow(&mut self, call: c_long) {
        self.skip_unless(libc::BPF_JEQ, low(call), 1, 0);
        self.leave(libc::SECCOMP_RET_ALLOW);
    }

    /// A process that gives up does so by a signal to itself.
    fn allow_own_signals(&mut self) {
        self.allow_if(libc::SYS_tgkill, 0, u32::MAX, std::process::id());
    }

    /// Allows a call whose argument, under the mask, is as expected.
    fn allow_if(&mut self, call: c_long, argument: u32, mask: u32, expected: u32) {
        self.skip_unless(libc::BPF_JEQ, low(call), 5, 0);
        self.load(ARGUMENTS_AT + 8 * argument);
        self.0.push(step(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, mask, (0, 0)));
        self.skip_unless(libc::BPF_JEQ, expected, 1, 0);
        self.leave(libc::SECCOMP_RET_ALLOW);
        self.leave(refusal());
    }

    /// Puts it in force, for good.
    #[expect(unsafe_code, reason = "asks the system")]
    fn put(mut self) -> Result<(), String> {
        self.leave(refusal());
        let length = u16::try_from(self.0.len()).map_err(|_| "a filter that is too long")?;
        let program = sock_fprog { len: length, filter: self.0.as_mut_ptr() };
        let (mode, flags) = (libc::SECCOMP_SET_MODE_FILTER, 0);
        // SAFETY: the program and what it points to are valid during the call.
        let put = unsafe { libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program) };
        done(put, "its system calls can not be filtered")
    }

    fn load(&mut self, at: u32) {
        self.0.push(step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, at, (0, 0)));
    }

    /// Goes on behind so many steps if it does not hold, else behind so many others.
    fn skip_unless(&mut self, test: u32, value: u32, otherwise: u8, then: u8) {
        self.0.push(step(libc::BPF_JMP | test | libc::BPF_K, value, (then, otherwise)));
    }

    fn leave(&mut self, verdict: u32) {
        self.0.push(step(libc::BPF_RET | libc::BPF_K, verdict, (0, 0)));
    }
}

fn refusal() -> u32 {
    libc::SECCOMP_RET_ERRNO | libc::EPERM.cast_unsigned()
}

fn step(code: u32, value: u32, (then, otherwise): (u8, u8)) -> sock_filter {
    sock_filter { code: u16::try_from(code).unwrap_or(u16::MAX), jt: then, jf: otherwise, k: value }
}

/// Numbers of system calls are small.
fn low(call: c_long) -> u32 {
    u32::try_from(call).unwrap_or(u32::MAX)
}

/// The kernel kills the child when its parent ends, however it ends.
#[expect(unsafe_code, reason = "asks the system")]
fn orphans_die() -> Result<(), String> {
    // SAFETY: takes numbers only.
    done(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) }.into(), "it would outlive its parent")
}

/// Whatever the parent forgot to close, and the directory that it was started in.
#[expect(unsafe_code, reason = "asks the system")]
fn nothing_inherited() -> Result<(), String> {
    // SAFETY: nothing of this process is open but its three standard streams; what is closed here belongs to nobody.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) };
    done(closed, "its parent's files can not be closed")?;
    std::env::set_current_dir("/").map_err(|error| format!("no directory: {error}"))
}

#[expect(unsafe_code, reason = "asks the system")]
fn no_new_privileges() -> Result<(), String> {
    // SAFETY: takes numbers only.
    done(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }.into(), "it could get more rights")
}

/// Nothing here counts the processor's time: a child lives for many calls, and the parent watches each of them.
fn limits() -> Result<(), String> {
    limit(libc::RLIMIT_AS, MOST_ADDRESSES)?;
    limit(libc::RLIMIT_DATA, MOST_MEMORY)?;
    limit(libc::RLIMIT_NOFILE, MOST_FILES)?;
    for none in [libc::RLIMIT_CORE, libc::RLIMIT_FSIZE, libc::RLIMIT_NPROC, libc::RLIMIT_MEMLOCK] {
        limit(none, 0)?;
    }
    Ok(())
}

#[expect(unsafe_code, reason = "asks the system")]
fn limit(what: libc::__rlimit_resource_t, most: u64) -> Result<(), String> {
    let limit = rlimit { rlim_cur: most, rlim_max: most };
    // SAFETY: the struct is valid during the call.
    done(unsafe { libc::setrlimit(what, &raw const limit) }.into(), "a limit can not be set")
}

fn done(result: c_long, what: &str) -> Result<(), String> {
    if result == 0 { Ok(()) } else { Err(format!("{what}: {}", Error::last_os_error())) }
}
