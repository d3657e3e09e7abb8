//! The command that writes everything of one kind as lines of JSON, as the API shows it to operators.

use std::{
    io::{self, BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
};

use application::{App, export};
use clap::{Args, ValueEnum};
use domain::Actor;
use ports::PortError;
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::{
    config::{Config, Database},
    http::view::{
        account::AccountView,
        order::OrderView,
        payment::{RefundView, TransactionView},
        product::ProductView,
    },
    terminal::{ProgressLine, print_error},
    wiring::{self, StartError},
};

/// What is exported, and where to.
#[derive(Debug, Args)]
pub(super) struct ExportCommand {
    /// What is exported; orders and products oldest first, payments and refunds newest first
    #[arg(long)]
    kind: ExportKind,
    /// The new file, which only you can read; one that is there is never replaced. Without it, standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The kinds of rows that can be exported.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ExportKind {
    Orders,
    Payments,
    Refunds,
    Products,
    Users,
}

/// Why an export is not complete.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExportError {
    /// A setting is wrong, or the database cannot be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no database: the file is missing or empty.
    #[error("there is no database at {0}")]
    NoDatabase(Database),
    /// The file cannot be written; one that was not there before is not made.
    #[error("{} cannot be written", path.display())]
    File {
        /// The path as it was given.
        path: PathBuf,
        /// The failure of the file system, or that a file is there already.
        source: io::Error,
    },
    /// The lines cannot be written.
    #[error("the lines cannot be written")]
    Write(#[from] io::Error),
    /// The database is unavailable.
    #[error("the export could not be read to its end")]
    Failed(#[from] PortError),
    /// Rows that cannot be read are missing. The others were written.
    #[error("rows that cannot be read are missing: {0}; `api check` names them")]
    Incomplete(usize),
}

/// Writes the lines.
pub(super) async fn run(config: &Config, command: &ExportCommand) -> Result<(), ExportError> {
    if !config.database.exists() {
        return Err(ExportError::NoDatabase(config.database.clone()));
    }
    let target = command.output.as_deref().map(NewFile::create_temporary).transpose()?;
    let wired = wiring::wire_adapters(config).await?;
    // Rows on a terminal show the progress themselves.
    let progress = (target.is_some() || !io::stdout().is_terminal()).then(ProgressLine::new);
    let outcome = match &target {
        Some(file) => write_rows(&wired.app, command.kind, file.temporary.as_file(), progress).await,
        None => write_rows(&wired.app, command.kind, io::stdout(), progress).await,
    };
    match outcome {
        // The reader has seen enough, such as `head`.
        Err(ExportError::Write(fault)) if target.is_none() && fault.kind() == io::ErrorKind::BrokenPipe => {
            return Ok(());
        }
        outcome => outcome?,
    }
    target.map(NewFile::persist_file).transpose()?;
    match export::count_unreadable(&wired.app) {
        0 => Ok(()),
        missing => Err(ExportError::Incomplete(missing)),
    }
}

/// A file that gets its name when it is complete.
struct NewFile {
    path: PathBuf,
    temporary: NamedTempFile,
}

impl NewFile {
    fn create_temporary(path: &Path) -> Result<Self, ExportError> {
        let fault = |source| ExportError::File { path: path.to_owned(), source };
        // Before anything is read; the name is checked again at the end.
        if path.symlink_metadata().is_ok() {
            return Err(fault(io::ErrorKind::AlreadyExists.into()));
        }
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let temporary = NamedTempFile::with_prefix_in(".idem-export-", folder).map_err(fault)?;
        Ok(Self { path: path.to_owned(), temporary })
    }

    fn persist_file(self) -> Result<(), ExportError> {
        let Self { path, temporary } = self;
        let synced = temporary.as_file().sync_all();
        let named = synced.and_then(|()| temporary.persist_noclobber(&path).map_err(|it| it.error));
        named.map(drop).map_err(|source| ExportError::File { path, source })
    }
}

async fn write_rows(
    app: &App,
    kind: ExportKind,
    output: impl Write,
    progress: Option<ProgressLine>,
) -> Result<(), ExportError> {
    let mut lines = Lines { output: BufWriter::new(output), written: 0, progress };
    let it = &mut lines;
    match kind {
        ExportKind::Orders => {
            export::export_orders(app, |order, customer| {
                it.write_row(&OrderView::for_actor(order, Actor::Operator).with_customer(customer))
            })
            .await?;
        }
        ExportKind::Payments => {
            export::export_payments(app, |payment| it.write_row(&TransactionView::from(payment))).await?;
        }
        ExportKind::Refunds => {
            export::export_refunds(app, |refund| {
                let view =
                    RefundView::new(refund.transaction.as_str(), &refund.refund, refund.author.as_ref());
                it.write_row(&view)
            })
            .await?;
        }
        ExportKind::Products => {
            export::export_products(app, |product| it.write_row(&ProductView::from(product))).await?;
        }
        ExportKind::Users => {
            export::export_users(app, |account| it.write_row(&AccountView::from(account))).await?;
        }
    }
    lines.output.flush()?;
    let written = lines.written;
    drop(lines);
    print_error(format!("{written} rows"));
    Ok(())
}

/// Rows as lines of JSON.
struct Lines<W: Write> {
    output: BufWriter<W>,
    written: u64,
    progress: Option<ProgressLine>,
}

impl<W: Write> Lines<W> {
    fn write_row(&mut self, row: &impl Serialize) -> Result<(), ExportError> {
        serde_json::to_writer(&mut self.output, row).map_err(io::Error::from)?;
        self.output.write_all(b"\n")?;
        self.written = self.written.saturating_add(1);
        if let Some(line) = &self.progress {
            line.show(|| format!("{} rows", self.written));
        }
        Ok(())
    }
}
