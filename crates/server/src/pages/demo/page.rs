//! The page's HTML.

use haechi_captcha::Language;
use maud::{DOCTYPE, Markup, html};

use super::{
    round::Round,
    texts::{self, Notice, Texts},
};

/// The page as one person sees it.
pub(super) struct Page {
    pub(super) language: Language,
    pub(super) notice: Notice,
    /// The challenge, if there is one.
    pub(super) round: Option<Round>,
}

/// More than an answer needs, which on a Korean keyboard may take two signs a letter and spaces between.
const LONGEST_INPUT: usize = 32;

impl Page {
    pub(super) fn render(&self) -> Markup {
        let texts = Texts::of(self.language);
        html! {
            (DOCTYPE)
            html lang=(self.language.tag()) {
                (self.head(texts))
                body {
                    (self.banner(texts))
                    main {
                        h1 { (texts.heading) }
                        @if let Some(round) = &self.round { p.task { (counted(texts.asking(round.alphabet).task, round)) } }
                        div.card {
                            (self.result(texts))
                            div #form {
                                @if let Some(round) = &self.round {
                                    (self.challenge(round, texts))
                                } @else if self.notice == Notice::NoApp {
                                    pre { code { "haechi app create default" } }
                                }
                                (self.renewal())
                                @if self.round.is_none() { (renew_button(texts)) }
                            }
                            @if let Some(round) = &self.round { (self.widget(round, texts)) }
                        }
                    }
                    footer { (texts.about) " " a href="/openapi.json" { "OpenAPI" } }
                }
            }
        }
    }

    fn head(&self, texts: &Texts) -> Markup {
        // A screen reader begins with the title, so the outcome of a sent form comes first in it.
        let is_outcome = self.notice != Notice::New;
        html! {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { @if is_outcome { (self.sentence(texts)) " – " } (texts.title) }
                link rel="icon" href="/demo/haechi.svg" type="image/svg+xml";
                link rel="stylesheet" href="/demo/page.css";
                script src="/widget/v1/api.js" async {}
                // Without the wait a person would see the plain form for a moment.
                script type="module" src="/demo/page.js" blocking="render" {}
            }
        }
    }

    fn banner(&self, texts: &Texts) -> Markup {
        html! {
            header {
                p.brand { img src="/demo/haechi.svg" alt="" width="36" height="36"; "haechi" }
                nav aria-label=(texts.languages) {
                    @for language in Language::ALL {
                        a href={ "/?lang=" (language.tag()) } lang=(language.tag()) hreflang=(language.tag())
                            aria-current=[(language == self.language).then_some("page")] { (texts::name(language)) }
                    }
                }
            }
        }
    }

    fn sentence(&self, texts: &Texts) -> String {
        texts.notice(self.notice, self.round.as_ref().map_or(0, |round| round.expires_in_secs))
    }

    /// What has become of the last answer. The script says it here too, and screen readers then read it out.
    fn result(&self, texts: &Texts) -> Markup {
        let follows_an_answer = self.round.is_some() && self.notice != Notice::New;
        html! {
            p #result role="status" tabindex="-1" data-kind=(self.notice.name()) autofocus[follows_an_answer] {
                span { (self.sentence(texts)) }
            }
        }
    }

    fn challenge(&self, round: &Round, texts: &Texts) -> Markup {
        let asking = texts.asking(round.alphabet);
        html! {
            form #challenge method="post" action={ "/?lang=" (self.language.tag()) } autocomplete="off"
                data-expires-in-secs=(round.expires_in_secs) {
                input #key type="hidden" name="key" value=(round.key);
                div.screen { (picture(round, &counted(asking.picture, round))) }
                audio #sound controls preload="none" aria-label=(asking.sound) {
                    @for format in ["mulaw", "pcm"] {
                        source src={
                            "/captcha/v1.0/keys/" (round.key) "/sound?lang=" (self.language.tag()) "&format=" (format)
                        };
                    }
                }
                (renew_button(texts))
                (answer_field(texts))
            }
        }
    }

    /// What the script puts in the place of the form, or before it where the widget need not ask for a word: the widget,
    /// and what the site learns of its token.
    fn widget(&self, round: &Round, texts: &Texts) -> Markup {
        html! {
            template #widget data-place=(if round.is_word_always_asked { "instead" } else { "before" }) {
                @if round.is_word_always_asked { (self.captcha(round, texts)) } @else {
                    h2 { (texts.by_itself) }
                    div.card { (self.captcha(round, texts)) }
                    h2 { (texts.by_word) }
                }
            }
            template #sentences {
                @for notice in [Notice::Right, Notice::Undecided, Notice::Unreachable] {
                    span data-kind=(notice.name()) { (texts.notice(notice, 0)) }
                }
            }
        }
    }

    fn captcha(&self, round: &Round, texts: &Texts) -> Markup {
        html! {
            // Where everybody is asked for a word, it has the room for it from the beginning.
            haechi-captcha #captcha sitekey=(round.site_key) lang=(self.language.tag()) action="demo"
                open=[round.is_word_always_asked.then_some("true")] {}
            pre #verdict tabindex="0" role="region" aria-label=(texts.verdict) hidden {}
            button #again type="button" hidden { (texts.renew) }
        }
    }

    /// A form of its own, so that a new challenge can be had without sending an answer.
    fn renewal(&self) -> Markup {
        html! {
            form #renewal method="get" action="/" { input type="hidden" name="lang" value=(self.language.tag()); }
        }
    }
}

/// A text with the number of an answer's characters.
fn counted(text: &str, round: &Round) -> String {
    text.replace("{}", &round.answer_length.to_string())
}

/// The picture in the reader's colours and at the screen's density, in a box that never changes its size.
fn picture(round: &Round, alternative: &str) -> Markup {
    let image = format!("/captcha/v1.0/keys/{}/img", round.key);
    let densities = |theme: &str| {
        let scaled = |scale: u8| format!("{image}?theme={theme}&scale={scale} {scale}x");
        [scaled(1), scaled(2), scaled(3)].join(", ")
    };
    html! {
        picture {
            source #dark-image media="(prefers-color-scheme: dark)" srcset=(densities("dark"));
            img #image src={ (image) "?theme=light" } srcset=(densities("light")) alt=(alternative)
                width=(round.width) height=(round.height);
        }
    }
}

fn renew_button(texts: &Texts) -> Markup {
    html! { button #renew type="submit" form="renewal" { (texts.renew) } }
}

fn answer_field(texts: &Texts) -> Markup {
    html! {
        label for="answer" { (texts.answer) }
        div.entry {
            input #answer name="answer" type="text" inputmode="text" maxlength=(LONGEST_INPUT) autocomplete="off"
                autocapitalize="characters" autocorrect="off" spellcheck="false" enterkeyhint="done"
                aria-describedby="hint";
            button #check type="submit" { (texts.check) }
        }
        p.hint #hint { (texts.hint) }
    }
}
