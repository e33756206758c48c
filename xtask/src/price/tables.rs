//! The tables, in Markdown.

use haechi_captcha::{Algorithm, Shape};

use super::{
    browser::{Browsers, Place, Wait},
    native::Native,
    sources::Sources,
};

/// Passes that are paid for.
const PASSES: f64 = 1_000.0;
/// Shares of the counters: the median puzzle, and one that takes longer than 95 of 100.
const MEDIAN: f64 = 0.5;
const P95: f64 = 0.95;
/// What an app asks for that chose nothing else.
const USUAL: Algorithm = Algorithm::Pbkdf2;

/// What a policy asks of somebody.
struct Asked {
    policy: &'static str,
    what: &'static str,
    has_word: bool,
    level: Option<u8>,
}

const LOWEST: u8 = *Shape::LEVELS.start();
const TOP: u8 = *Shape::LEVELS.end();

const ASKED: [Asked; 9] = [
    Asked { policy: "`word`", what: "a word", has_word: true, level: None },
    Asked { policy: "`work`, level 0", what: "work", has_word: false, level: Some(LOWEST) },
    Asked { policy: "`work`, level 1", what: "work", has_word: false, level: Some(1) },
    Asked { policy: "`work`, level 2", what: "work", has_word: false, level: Some(2) },
    Asked { policy: "`work`, level 3", what: "work", has_word: false, level: Some(TOP) },
    Asked { policy: "`both`", what: "a word and work of level 0", has_word: true, level: Some(LOWEST) },
    Asked { policy: "`adaptive`, calm", what: "work of level 0", has_word: false, level: Some(LOWEST) },
    Asked {
        policy: "`adaptive`, under attack",
        what: "a word and work of up to level 3",
        has_word: true,
        level: Some(TOP),
    },
    Asked { policy: "the longer work instead of a word", what: "work of level 3", has_word: false, level: Some(TOP) },
];

pub(super) fn all(sources: &Sources, native: &Native, browsers: &Browsers) -> String {
    let parts = [
        "A thousand passes, in US dollars:".to_owned(),
        policies(sources, native, browsers),
        "The work, for the machine that does it:".to_owned(),
        work(sources, native),
        "How long a person waits for it, in seconds:".to_owned(),
        waits(browsers),
        "What it costs the server, in milliseconds of one processor:".to_owned(),
        server(native),
        "Derivations a second on one processor, by who derives:".to_owned(),
        rates(native),
        format!("Sources, read on {}:", sources.read_on),
        named(sources),
    ];
    parts.join("\n\n")
}

/// How the rows of puzzles begin, as far as they are the library's.
#[cfg(test)]
pub(super) fn puzzles() -> Vec<String> {
    let kinds = Algorithm::ALL.into_iter().flat_map(|algorithm| Shape::LEVELS.map(move |level| (algorithm, level)));
    kinds.map(|(algorithm, level)| puzzle(algorithm, level)).collect()
}

fn puzzle(algorithm: Algorithm, level: u8) -> String {
    format!("| {algorithm}, cost {} | {level} | {} |", algorithm.cost(), algorithm.counters(level))
}

/// Counters that must be tried on average.
fn tries(algorithm: Algorithm, level: u8) -> f64 {
    f64::from(algorithm.counters(level) + 1) / 2.0
}

fn policies(sources: &Sources, native: &Native, browsers: &Browsers) -> String {
    let head = "| policy | asks for | a person waits | on a sixth of a processor | work by a processor | by a card \
                | with a word: free readers | trained solver | vision model | people |\n\
                |---|---|---|---|---|---|---|---|---|---|";
    let rows = ASKED.iter().map(|asked| {
        let Asked { policy, what, has_word, level } = asked;
        let wait = |is_slow| match level {
            Some(level) => said_wait(browsers, USUAL, Place::Secure, *level, is_slow),
            None => "–".to_owned(),
        };
        let by_processor = level.map(|level| sources.processor.dollars(processor_seconds(native, USUAL, level)));
        let by_card = level.map(|level| sources.card.dollars(card_seconds(sources, USUAL, level)));
        let alone = |price: Option<f64>| price.filter(|_| !has_word).map_or("–".to_owned(), dollars);
        // Who reads words does the work in the cheapest way.
        let work = by_processor.into_iter().chain(by_card).reduce(f64::min).unwrap_or_default();
        let readers = if *has_word { with_word(sources, work) } else { ["–"; 4].map(str::to_owned) };
        format!(
            "| {policy} | {what} | {} | {} | {} | {} | {} |",
            wait(false),
            wait(true),
            alone(by_processor),
            alone(by_card),
            readers.join(" | ")
        )
    });
    lines(head, rows)
}

/// The price of a thousand passes where words are read, each try of which takes work that costs so much a thousand.
fn with_word(sources: &Sources, work: f64) -> [String; 4] {
    let Sources { processor, people, vision, readers, trained, .. } = sources;
    let price = |a_try: f64, rate: f64| (PASSES * a_try + work) / rate;
    let reading = price(processor.dollars(readers.processor_seconds), readers.rate());
    let trained_reading = price(processor.dollars(trained.processor_seconds), trained.rate());
    let once = f64::from(trained.labels) * people.dollars_a_try + processor.dollars(trained.training_seconds);
    // The service takes nothing for what was read wrong, but the work for it was done.
    let hired = if people.pays_only_right { people.rate() } else { 1.0 };
    [
        dollars(reading),
        format!("{} and once {}", dollars(trained_reading), dollars(once)),
        dollars(price(vision.dollars_a_try(), vision.rate())),
        dollars(price(people.dollars_a_try * hired, people.rate())),
    ]
}

fn processor_seconds(native: &Native, algorithm: Algorithm, level: u8) -> f64 {
    PASSES * tries(algorithm, level) / native.fastest(algorithm).a_second
}

fn card_seconds(sources: &Sources, algorithm: Algorithm, level: u8) -> f64 {
    PASSES * tries(algorithm, level) / sources.card.rate(algorithm)
}

fn work(sources: &Sources, native: &Native) -> String {
    let head = format!(
        "| algorithm | level | counters | tried on average | processor seconds for 1,000 passes | US$ \
         | seconds of an {} | US$ |\n|---|---|---|---|---|---|---|---|",
        sources.card.name
    );
    let rows = Algorithm::ALL.into_iter().flat_map(|algorithm| {
        Shape::LEVELS.map(move |level| {
            let (processor, card) =
                (processor_seconds(native, algorithm, level), card_seconds(sources, algorithm, level));
            format!(
                "{} {} | {} | {} | {} | {} |",
                puzzle(algorithm, level),
                grouped(tries(algorithm, level)),
                significant(processor),
                dollars(sources.processor.dollars(processor)),
                significant(card),
                dollars(sources.card.dollars(card)),
            )
        })
    });
    lines(&head, rows)
}

fn waits(browsers: &Browsers) -> String {
    let (version, waits) = match browsers {
        Browsers::Missing(what) => return format!("Not measured: {what}."),
        Browsers::Measured { version, waits } => (version, waits),
    };
    let head = "| algorithm | by | level | puzzles | median | 95 % | longest | on a sixth: median | 95 % | longest |\n\
                |---|---|---|---|---|---|---|---|---|---|";
    let quick = waits.iter().filter(|wait| !wait.is_slow);
    let rows = quick.map(|wait| {
        let Wait { algorithm, place, level, .. } = wait;
        let slow = find(waits, *algorithm, *place, *level, true);
        let by = match (algorithm, place) {
            (Algorithm::Pbkdf2, Place::Secure) => "WebCrypto",
            _ => "plain code",
        };
        let times = |wait: &Wait| [MEDIAN, P95, 1.0].map(|share| format!("{:.2}", wait.at(share))).join(" | ");
        let slow = slow.map_or("– | – | –".to_owned(), times);
        format!("| {algorithm} | {by} | {level} | {} | {} | {slow} |", wait.count(), times(wait))
    });
    let table = lines(head, rows);
    let top = waits.iter().filter(|wait| !wait.is_slow && wait.level == TOP);
    let slowed = top.filter_map(|wait| {
        let slow = find(waits, wait.algorithm, wait.place, TOP, true)?;
        Some(slow.at(MEDIAN) / wait.at(MEDIAN))
    });
    let (least, most) =
        slowed.fold((f64::INFINITY, 0.0), |(least, most), times| (f64::min(least, times), f64::max(most, times)));
    format!(
        "{table}\n\n{version}, one worker on one processor. A quota of a sixth of it made puzzles of the top level take \
         {least:.1} to {most:.1} times as long. PBKDF2 in plain code is here for comparison: haechi's widget asks nobody \
         for it."
    )
}

/// What the person of the table of policies waits: at the median, and at 95 %.
fn said_wait(browsers: &Browsers, algorithm: Algorithm, place: Place, level: u8, is_slow: bool) -> String {
    let Browsers::Measured { waits, .. } = browsers else { return "not measured".to_owned() };
    // Levels between are in proportion.
    let (measured, times) = match find(waits, algorithm, place, level, is_slow) {
        Some(wait) => (Some(wait), 1.0),
        None => {
            let times = f64::from(algorithm.counters(level)) / f64::from(algorithm.counters(TOP));
            (find(waits, algorithm, place, TOP, is_slow), times)
        }
    };
    measured.map_or("not measured".to_owned(), |wait| {
        format!("{:.2} s (95 %: {:.2})", wait.at(MEDIAN) * times, wait.at(P95) * times)
    })
}

fn find(waits: &[Wait], algorithm: Algorithm, place: Place, level: u8, is_slow: bool) -> Option<&Wait> {
    waits
        .iter()
        .find(|wait| (wait.algorithm, wait.place, wait.level, wait.is_slow) == (algorithm, place, level, is_slow))
}

fn server(native: &Native) -> String {
    let head = "| algorithm | level | to issue | to judge a right one | a false one |\n|---|---|---|---|---|";
    let rows = Algorithm::ALL.into_iter().flat_map(|algorithm| {
        Shape::LEVELS.map(move |level| {
            let millis =
                ["issue", "right", "false"].map(|what| format!("{:.4}", native.seconds(what, algorithm, level) * 1e3));
            format!("| {algorithm} | {level} | {} |", millis.join(" | "))
        })
    });
    lines(head, rows)
}

fn rates(native: &Native) -> String {
    let rows = Algorithm::ALL.into_iter().flat_map(|algorithm| native.rates(algorithm)).map(|rate| {
        let fastest = native.fastest(rate.algorithm).program == rate.program;
        let mark = if fastest { "**" } else { "" };
        format!("| {} | {} | {mark}{}{mark} |", rate.algorithm, rate.program, grouped(rate.a_second))
    });
    lines("| algorithm | program | derivations |\n|---|---|---|", rows)
}

fn named(sources: &Sources) -> String {
    let Sources { processor, card, service, people, vision, readers, trained, .. } = sources;
    let service_says = format!("{}: {} US$ a thousand", service.source, dollars(service.dollars_a_thousand));
    let named = [
        ("a processor", &processor.source),
        ("a card", &card.source),
        ("what it computes", &card.rates_source),
        ("work by a service", &service_says),
        ("free readers", &readers.source),
        ("trained solver", &trained.source),
        ("vision model", &vision.source),
        ("people", &people.source),
    ];
    named.map(|(name, source)| format!("- **{name}**: {source}.")).join("\n")
}

fn lines(head: &str, rows: impl Iterator<Item = String>) -> String {
    [head.to_owned()].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

/// An amount of money. Of less than a cent two figures.
fn dollars(amount: f64) -> String {
    if amount >= 0.01 || amount == 0.0 { format!("{amount:.2}") } else { significant(amount) }
}

/// Two figures of what is small, and whole numbers of what is not.
fn significant(value: f64) -> String {
    if value >= 10.0 {
        return grouped(value);
    }
    let digits = (1 - value.log10().floor() as i32).max(0) as usize;
    format!("{value:.digits$}")
}

/// A whole number in groups of three.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [0.000_003_21, 0.2, 1.25, 12.0, 123_456.7].map(significant),
            ["0.0000032", "0.20", "1.2", "12", "123,457"]
        );
        assert_eq!([0.0, 0.000_5, 0.012, 3.0].map(dollars), ["0.00", "0.00050", "0.01", "3.00"]);
    }

    #[test]
    fn a_policy_costs_what_its_parts_cost_for_each_try() {
        let sources = Sources::read().unwrap();
        let [readers, _, vision, people] = with_word(&sources, 0.0);
        assert_eq!([readers.as_str(), vision.as_str(), people.as_str()], ["0.01", "0.84", "0.50"]);
        let dear = with_word(&sources, 1.0);
        assert_eq!(dear[3], "1.52", "of a hundred tries two are wasted");
    }

    #[test]
    fn a_card_is_reckoned_by_what_its_benchmark_says() {
        let card = Sources::read().unwrap().card;
        let rates = Algorithm::ALL.map(|algorithm| card.rate(algorithm).round());
        assert_eq!(rates, [8_856_834.0, 21_975_500_000.0, 228_032.0]);
    }
}
