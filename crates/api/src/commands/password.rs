//! How a command gets a password: from `IDEM_OPERATOR_PASSWORD`, from a person at a terminal, or from standard input.
//! It is no argument, because every user of the machine sees arguments.

use std::io::{self, BufRead, IsTerminal};

use domain::{Invalid, Password};

use crate::{config::OPERATOR_PASSWORD, terminal::print_error};

/// Longest line that is read, in bytes; no password is longer.
const LINE_BYTES_MAX: u64 = 1024;
/// How often a person is asked before the command gives up.
const ATTEMPTS_MAX: u32 = 3;

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub(super) enum PasswordError {
    /// It breaks a rule.
    #[error("the password {0}")]
    Invalid(Invalid),
    /// A person typed two different ones.
    #[error("the two passwords differ")]
    Differ,
    /// Standard input or the terminal cannot be read, or what was read is no text.
    #[error("the password cannot be read")]
    Read(#[source] io::Error),
}

/// Whether [`read_password`] asks a person.
pub(super) fn is_asked() -> bool {
    std::env::var_os(OPERATOR_PASSWORD).is_none() && io::stdin().is_terminal()
}

/// Reads the password. A person types it twice and does not see it.
pub(super) fn read_password() -> Result<Password, PasswordError> {
    if is_asked() {
        // The terminal itself and not the standard streams, which may lead to a file.
        return ask_repeatedly(|prompt| rpassword::prompt_password(prompt));
    }
    let text = match std::env::var(OPERATOR_PASSWORD) {
        Ok(text) => text,
        Err(_) => read_line(io::stdin().lock()).map_err(PasswordError::Read)?,
    };
    Password::parse(&text).map_err(PasswordError::Invalid)
}

/// Asks until two passwords agree and keep the rules, a few times.
fn ask_repeatedly(mut prompt: impl FnMut(&str) -> io::Result<String>) -> Result<Password, PasswordError> {
    let mut attempt = 1;
    loop {
        match ask_twice(&mut prompt) {
            Err(fault @ (PasswordError::Invalid(_) | PasswordError::Differ)) if attempt < ATTEMPTS_MAX => {
                print_error(format!("{fault}; try again"));
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

fn ask_twice(prompt: &mut impl FnMut(&str) -> io::Result<String>) -> Result<Password, PasswordError> {
    let first = prompt("Password: ").map_err(PasswordError::Read)?;
    // An invalid password is refused before the user repeats it.
    let password = Password::parse(&first).map_err(PasswordError::Invalid)?;
    let second = prompt("The same again: ").map_err(PasswordError::Read)?;
    if first == second { Ok(password) } else { Err(PasswordError::Differ) }
}

/// Asks a question on the terminal; only `y` and `yes` are a yes.
pub(super) fn confirm(question: &str) -> io::Result<bool> {
    print_error(format!("{question} [y/N]"));
    let answer = read_line(io::stdin().lock())?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// The first line without its line end. Spaces belong to a password and stay.
fn read_line(input: impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    // Limited: standard input may be a device or a pipe that never ends a line.
    input.take(LINE_BYTES_MAX).read_line(&mut line)?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "correct horse battery";

    fn ask(typed: &[&str]) -> (Result<Password, PasswordError>, usize) {
        let mut left = typed.iter();
        let outcome = ask_repeatedly(|_| {
            left.next().map(|it| (*it).to_owned()).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
        });
        let unread = left.len();
        (outcome, typed.len() - unread)
    }

    #[test]
    fn a_password_is_one_line_and_its_spaces_count() {
        for input in
            ["  s3cret thing ", "  s3cret thing \n", "  s3cret thing \r\n", "  s3cret thing \nmore\n"]
        {
            assert_eq!(read_line(input.as_bytes()).unwrap(), "  s3cret thing ");
        }
    }

    #[test]
    fn a_person_types_it_twice_and_has_a_few_attempts() {
        assert!(matches!(ask(&[GOOD, GOOD]), (Ok(_), 2)));
        assert!(matches!(ask(&[GOOD, "another one", GOOD, GOOD]), (Ok(_), 4)));
        assert!(matches!(ask(&["short", GOOD, GOOD]), (Ok(_), 3)), "not asked twice for one that is refused");
        let mistyped = [GOOD, "a", GOOD, "b", GOOD, "c", GOOD, GOOD];
        assert!(matches!(ask(&mistyped), (Err(PasswordError::Differ), 6)));
        assert!(matches!(ask(&["short"; 9]), (Err(PasswordError::Invalid(_)), 3)));
        assert!(matches!(ask(&[GOOD]), (Err(PasswordError::Read(_)), 1)));
    }
}
