// SPDX-License-Identifier: GPL-2.0

//! Users without privileges.

use std::{
    io::Write as _,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{
        Command,
        Stdio, //
    }, //
};

use nix::errno::Errno;

/// A user and its group. It has no capabilities, and is in no other group.
#[derive(Debug, Clone, Copy)]
pub struct User {
    id: u32,
    group: u32,
}

impl User {
    /// Makes a user.
    pub const fn new(id: u32, group: u32) -> Self {
        Self { id, group }
    }

    /// Tells whether the kernel has users. The test kernel has none: all tasks are root there.
    ///
    /// # Panics
    ///
    /// If `true` can't be run.
    pub fn is_known(self) -> bool {
        match self.command("true").status() {
            Ok(status) => status.success(),
            Err(err) if err.raw_os_error() == Some(Errno::ENOSYS as i32) => false,
            Err(err) => panic!("true can't be run: {err}"),
        }
    }

    /// Returns a command that this user runs.
    pub fn command(self, program: &str) -> Command {
        let mut command = Command::new(program);

        command.uid(self.id).gid(self.group);
        command
    }

    /// Writes to a file in one piece, and says whether the user could.
    ///
    /// # Panics
    ///
    /// If `dd` can't be run.
    pub fn writes(self, path: &Path, bytes: &[u8]) -> bool {
        self.write(path, bytes).is_ok()
    }

    /// Writes to a file in one piece. The error is the text of the errno.
    ///
    /// # Panics
    ///
    /// If `dd` can't be run.
    pub fn write(self, path: &Path, bytes: &[u8]) -> Result<(), String> {
        let mut child = self
            .command("dd")
            .arg(format!("of={}", path.display()))
            .args([&format!("bs={}", bytes.len()), "conv=notrunc"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("dd can be run");
        let mut input = child.stdin.take().expect("a pipe");

        // If it could not open the file, there is no reader.
        let _ = input.write_all(bytes);
        drop(input);
        let output = child.wait_with_output().expect("dd ends");
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let first = said.lines().next().unwrap_or_default();
        Err(first.rsplit(": ").next().unwrap_or_default().to_owned())
    }

    /// Reads a file, and returns what is in it if the user can.
    ///
    /// # Panics
    ///
    /// If `cat` can't be run.
    pub fn reads(self, path: &Path) -> Option<Vec<u8>> {
        let output = self.command("cat").arg(path).stderr(Stdio::null()).output();
        let output = output.expect("cat can be run");

        output.status.success().then_some(output.stdout)
    }
}
