//! The page around the sections.

use super::text::escaped;

/// Light and dark as the reader's system says, black on white on paper; blue and orange are told apart
/// by colour-blind readers (Okabe and Ito), and nothing is said by colour alone.
const STYLE: &str = "
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1c1c; --soft: #5c5c5c; --line: #d8d8d8;
  --card: #f6f7f8; --good: #0072b2; --look: #b84f00; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16181b; --ink: #e8e8e8; --soft: #a9adb2; --line: #3a3e44; --card: #1f2226;
    --good: #6bb7e8; --look: #f0954d; }
  figure svg { filter: invert(0.91) hue-rotate(180deg); }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1.2rem 4rem; max-width: 62rem; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem;
  border-bottom: 1px solid var(--line); } h3 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
p { margin: .5rem 0; } .soft, figcaption { color: var(--soft); font-size: .9rem; }
code { font: .9em ui-monospace, monospace; }
pre { background: var(--card); padding: .6rem .8rem; margin: .4rem 0; white-space: pre-wrap; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums; font-size: .93rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .9rem .25rem 0;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); white-space: nowrap; } td:first-child { min-width: 7rem; }
.set { white-space: nowrap; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .2rem 1.2rem; margin: .5rem 0; }
dt { color: var(--soft); } dd { margin: 0; }
.verdict { background: var(--card); border-left: .35rem solid var(--soft); padding: .7rem 1rem;
  margin: 1rem 0; } .verdict.good { border-color: var(--good); } .verdict.look { border-color: var(--look); }
.good b { color: var(--good); } .look b { color: var(--look); }
figure { margin: 1rem 0; } figure svg { max-width: 100%; height: auto; display: block; }
@media print {
  :root { --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --card: #fff; --good: #0072b2;
    --look: #b84f00; }
  figure svg { filter: none; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  h2, h3 { break-after: avoid; } figure, tr, .verdict { break-inside: avoid; }
  figure svg { max-height: 23cm; }
  .wide { overflow: visible; }
}
";

/// The whole page.
pub(super) fn page(title: &str, body: &str) -> String {
    let title = escaped(title);
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}\
         <p class=\"soft\">Written by freeform-sbi {version}. Nothing on this page is loaded from \
         elsewhere.</p>\n</body>\n</html>\n"
    )
}
