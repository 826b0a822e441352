//! A shell that outlives this process by a moment, to end what it leaves behind when it is killed.
//!
//! It reads from a pipe whose other end only this process holds: the groups of the processes that
//! are started, and those that have ended. When the pipe closes, by whatever death, it kills the
//! groups that are left and removes this process's temporary folders.

use std::path::PathBuf;

/// Where temporary folders are made, and how their names begin.
pub(super) fn temporary_folders() -> (PathBuf, String) {
    (std::env::temp_dir(), crate::files::folder_prefix())
}

#[cfg(unix)]
pub(super) use unix::{Registrar, forget};

#[cfg(unix)]
mod unix {
    use std::io::{PipeReader, PipeWriter, pipe};
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};
    use std::sync::OnceLock;

    use crate::files::clear_temporary_folders;

    /// `$1` is the beginning of the temporary folders' paths.
    const SCRIPT: &str = r#"
trap '' HUP INT TERM
groups=' '
while read -r line; do
    case $line in
        +*) groups="$groups${line#+} " ;;
        -*) case $groups in
                *" ${line#-} "*) groups="${groups%% "${line#-}" *} ${groups#* "${line#-}" }" ;;
            esac ;;
    esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
[ -n "$1" ] || exit
rm -rf -- "$1"*
# Something may have been written by a process on its way out.
for left in "$1"*; do
    [ -e "$left" ] && sleep 1 && rm -rf -- "$1"*
done
"#;

    struct Watcher {
        writer: PipeWriter,
        /// Kept open, so that writing never fails by a signal should the shell be gone.
        _reader: PipeReader,
    }

    /// The one of this process, started when first needed; none where there is no shell.
    fn watcher() -> Option<&'static Watcher> {
        static WATCHER: OnceLock<Option<Watcher>> = OnceLock::new();
        WATCHER.get_or_init(start).as_ref()
    }

    fn start() -> Option<Watcher> {
        let (folder, prefix) = super::temporary_folders();
        clear_temporary_folders(&folder);
        let (reader, writer) = pipe().ok()?;
        // A full pipe must not keep us waiting.
        rustix::io::ioctl_fionbio(&writer, true).ok()?;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "freeform-watcher"]).arg(folder.join(prefix));
        command.stdin(reader.try_clone().ok()?).stdout(Stdio::null()).stderr(Stdio::null());
        // Away from signals to our group, and from folders that someone may want to remove.
        command.current_dir("/").process_group(0);
        command.spawn().ok()?;
        Some(Watcher { writer, _reader: reader })
    }

    /// What a new process uses to enter itself, before it runs the program.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Registrar(Option<&'static Watcher>);

    impl Registrar {
        pub(in super::super) fn new() -> Self {
            Self(watcher())
        }

        /// Enters the group of the calling process. Makes system calls only, and allocates nothing.
        pub(in super::super) fn enter_self(self) {
            let Some(watcher) = self.0 else { return };
            let pid = rustix::process::getpid().as_raw_nonzero().get().unsigned_abs();
            let mut text = [b'\n'; 12];
            let mut at = text.len() - 1;
            let mut rest = pid;
            while rest > 0 {
                at -= 1;
                text[at] = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
            at -= 1;
            text[at] = b'+';
            // Without the watcher, it still dies with us by itself where the system can do that.
            let _ = rustix::io::write(&watcher.writer, &text[at..]);
        }
    }

    /// Takes a group off the list that has ended.
    pub(in super::super) fn forget(pid: u32) {
        if let Some(watcher) = watcher() {
            let _ = rustix::io::write(&watcher.writer, format!("-{pid}\n").as_bytes());
        }
    }
}
