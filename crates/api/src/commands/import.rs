//! The command that brings products from a CSV file into the catalogue. A file can be imported as often as one likes: what
//! is there already is left as it is, and so is tracked stock unless the operator says otherwise.

mod lines;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use application::{
    App, Staff,
    auth::user_admin::{FindOperatorError, find_operator},
    catalogue::{ImportOutcome, ImportStock, ProductInput, PutError, import_product},
};
use clap::Args;
use domain::{Product, product::StockUpdate};
use ports::PortError;

use self::lines::{ProductLine, read_lines};
use crate::{
    config::{Config, Database},
    terminal::{ProgressLine, print_lines},
    wiring::{self, StartError},
};

/// Longest file, in bytes. It is read as a whole, so that nothing is written if a line of it has a fault.
const FILE_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Which products are imported, and by whom.
#[derive(Debug, Args)]
pub(super) struct ImportCommand {
    /// A CSV file with the columns productId, name, price, currency and, if need be, stock and active
    file: PathBuf,
    /// Show what would become of each line, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Set the stock of products that are there and whose stock is tracked, too, whatever was sold since the file was
    /// written. Without it their stock stays as it is
    #[arg(long)]
    set_stock: bool,
    /// The operator whose changes these are: the user name, or the e-mail address
    #[arg(long, value_name = "NAME", required_unless_present = "dry_run")]
    operator: Option<String>,
}

/// Why products were not imported, or not all of them.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImportError {
    /// A setting is wrong, or the database cannot be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no database: the file is missing or empty.
    #[error("there is no database at {0}")]
    NoDatabase(Database),
    /// The CSV file cannot be read.
    #[error("{} cannot be read", path.display())]
    File {
        /// The path as it was given.
        path: PathBuf,
        /// The failure of the file system, or that the file is too large.
        source: io::Error,
    },
    /// Lines have this number of faults, which were printed. Nothing was written.
    #[error("the file has faults: {0}; nothing was written")]
    Faulty(usize),
    /// The author of the changes is no operator.
    #[error("no changes can be made in this name")]
    Operator(#[from] FindOperatorError),
    /// The database is unavailable. What was written before stays.
    #[error("the import stopped at line {line}; run it again, and it goes on from there")]
    Stopped {
        /// The line of the file that was not written, from 1.
        line: u64,
        /// The failure of the database.
        source: PortError,
    },
    /// This number of products changed while they were imported, and were left as they are.
    #[error("products that changed meanwhile were left as they are: {0}; run it again")]
    Stale(u64),
    /// The fates cannot be printed.
    #[error("the result cannot be printed")]
    Print(#[from] io::Error),
}

/// Imports the file, and prints what became of each line.
pub(super) async fn run(config: &Config, command: &ImportCommand) -> Result<(), ImportError> {
    if !config.database.exists() {
        return Err(ImportError::NoDatabase(config.database.clone()));
    }
    // Before the database is opened: a fault in the file is the likely mistake.
    let lines = match read_lines(&read_file(&command.file)?) {
        Ok(lines) => lines,
        Err(faults) => {
            faults.iter().try_for_each(|it| print_lines(it))?;
            return Err(ImportError::Faulty(faults.len()));
        }
    };
    let wired = wiring::wire_adapters(config).await?;
    let by = match command.operator.as_deref().filter(|_| !command.dry_run) {
        Some(name) => Some(find_operator(&wired.app, name).await?),
        None => None,
    };
    let stock = if command.set_stock { ImportStock::Set } else { ImportStock::Keep };
    let totals = import_lines(&wired.app, by.as_ref(), lines, stock).await?;
    print_lines(&totals.summary_text(command.dry_run))?;
    if totals.stale > 0 { Err(ImportError::Stale(totals.stale)) } else { Ok(()) }
}

fn read_file(path: &Path) -> Result<Vec<u8>, ImportError> {
    let fault = |source| ImportError::File { path: path.to_owned(), source };
    let mut content = Vec::new();
    // One byte more than allowed, to see whether there is more.
    let limit = FILE_BYTES_MAX.saturating_add(1);
    let read = File::open(path).map_err(fault)?.take(limit).read_to_end(&mut content).map_err(fault)?;
    if u64::try_from(read).is_ok_and(|it| it <= FILE_BYTES_MAX) {
        return Ok(content);
    }
    Err(fault(io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 32 MiB")))
}

/// How many lines had which result.
#[derive(Debug, Default)]
struct Totals {
    created: u64,
    changed: u64,
    same: u64,
    stale: u64,
}

impl Totals {
    fn summary_text(&self, is_dry: bool) -> String {
        let Self { created, changed, same, stale } = self;
        let stale = if *stale > 0 { format!(", {stale} left out") } else { String::new() };
        let mood = if is_dry { "dry run, nothing was written: " } else { "" };
        format!("{mood}{created} created, {changed} changed, {same} as they were{stale}")
    }
}

async fn import_lines(
    app: &App,
    by: Option<&Staff>,
    lines: Vec<ProductLine>,
    stock: ImportStock,
) -> Result<Totals, ImportError> {
    let (mut totals, progress, count) = (Totals::default(), ProgressLine::new(), lines.len());
    for ProductLine { line, id, input } in lines {
        progress.show(|| format!("line {line} of {count} products"));
        let (outcome, detail) = match import_product(app, by, id.clone(), input.clone(), stock).await {
            Ok(ImportOutcome::Create) => (&mut totals.created, ("create", describe_input(&input))),
            Ok(ImportOutcome::Change(read)) => {
                (&mut totals.changed, ("change", describe_change(&read, &input, stock)))
            }
            Ok(ImportOutcome::Same(read)) => {
                (&mut totals.same, ("same", describe_kept_stock(&read, &input, stock).unwrap_or_default()))
            }
            Err(PutError::PreconditionFailed | PutError::Key(_)) => {
                (&mut totals.stale, ("failed", "it changed meanwhile".to_owned()))
            }
            Err(PutError::Failed(source)) => return Err(ImportError::Stopped { line, source }),
        };
        *outcome = outcome.saturating_add(1);
        let (word, detail) = detail;
        progress.print_above(format!("{line:>6}  {word:<6}  {id}  {detail}").trim_end())?;
    }
    Ok(totals)
}

fn describe_input(input: &ProductInput) -> String {
    format!("{}, {} {}", input.name.as_str(), input.price, input.price.currency().code())
}

/// That the stock of a product is another one than in its line and stays so; `None` if the line has none or the same.
fn describe_kept_stock(read: &Product, input: &ProductInput, stock: ImportStock) -> Option<String> {
    let kept = stock.restrict_input(input.clone(), read).stock_update.apply_to(read.stock)?;
    let StockUpdate::Set(Some(asked)) = input.stock_update else { return None };
    (asked != kept).then(|| format!("stock stays {kept}, not {asked}"))
}

/// What another line changes of a product.
fn describe_change(read: &Product, input: &ProductInput, rule: ImportStock) -> String {
    let stock_text = |it: Option<i64>| it.map_or_else(|| "not tracked".to_owned(), |it| it.to_string());
    let stock_update = rule.restrict_input(input.clone(), read).stock_update;
    let (stock, active) = (stock_update.apply_to(read.stock), input.active.unwrap_or(read.active));
    let name =
        (input.name != read.name).then(|| format!("name: {} -> {}", read.name.as_str(), input.name.as_str()));
    let price = (input.price != read.price).then(|| {
        let (old, new) = (read.price, input.price);
        format!("price: {old} {} -> {new} {}", old.currency().code(), new.currency().code())
    });
    let stock =
        (stock != read.stock).then(|| format!("stock: {} -> {}", stock_text(read.stock), stock_text(stock)));
    let active = (active != read.active).then(|| format!("active: {} -> {active}", read.active));
    let kept = describe_kept_stock(read, input, rule);
    [name, price, stock, active, kept].into_iter().flatten().collect::<Vec<_>>().join("; ")
}
