// How the page looks: one column that fits a phone, light and dark by the reader's choice, light on paper.
#include "report/html_parts.h"

namespace mpc::report::html {

namespace {

constexpr std::string_view sheet =
    R"(:root{--bg:#f3f5f8;--card:#fff;--ink:#17212e;--soft:#566474;--line:#dde3ea;--sunk:#eef1f5;
--ok:#0b7543;--ok-bg:#e5f5ec;--bad:#b3201b;--bad-bg:#fdebe9;--warn:#7d5200;--warn-bg:#fff3d9;--ours:#4a3fb5;
--ours-bg:#eeecfd;
--on:#fff;--shadow:0 1px 2px #17212e14,0 6px 24px #17212e0d;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media screen and (prefers-color-scheme:dark){:root{--bg:#0e131a;--card:#171e27;--ink:#e8edf3;--soft:#9dabba;
--line:#2b3643;
--sunk:#111820;--ok:#52c98f;--ok-bg:#11291e;--bad:#ff8b81;--bad-bg:#351918;--warn:#ffcb70;--warn-bg:#2f2512;
--ours:#aea6ff;
--ours-bg:#231f45;--on:#0e131a;--shadow:none}}
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0 auto;max-width:1020px;padding:28px 20px 48px;background:var(--bg);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
h1,h2,h3,h4,p,dl,dd,ol,ul,blockquote{margin:0;padding:0}
ol,ul{list-style:none}
a{color:inherit}
a:focus-visible,summary:focus-visible{outline:3px solid var(--ours);outline-offset:3px;border-radius:6px}
small{font-size:.85em;font-weight:400;color:var(--soft)}
code{font:13px/1.5 var(--mono);overflow-wrap:anywhere;word-break:break-all}
.card{background:var(--card);border:1px solid var(--line);border-radius:16px;box-shadow:var(--shadow)}
.quiet{color:var(--soft);font-size:14px}
.icon{width:18px;height:18px;flex:none;fill:none;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.ok{--hue:var(--ok);--ground:var(--ok-bg)}.bad{--hue:var(--bad);--ground:var(--bad-bg)}
.open,.none{--hue:var(--soft);--ground:var(--sunk)}
.icon circle,.icon .body{fill:var(--hue)}
.icon path{stroke:var(--on)}.icon .body{stroke:none}
.icon .hollow{fill:none;stroke:var(--hue)}.icon .ink{stroke:var(--hue)}
.chip{display:inline-flex;align-items:center;gap:7px;padding:3px 12px 3px 6px;border-radius:99px;
background:var(--ground);
color:var(--hue);font-size:14px;font-weight:600;line-height:1.4}
.verdict{padding:36px 40px 32px;border-top:8px solid var(--hue)}
.kicker{color:var(--soft);font-size:14px;font-weight:600}
h1{display:flex;align-items:center;gap:16px;margin:4px 0 12px;font-size:46px;line-height:1.15;letter-spacing:-.02em;
color:var(--hue)}
h1 .icon{width:46px;height:46px}
.verdict>p:not(.kicker,.warning){font-size:18px}
blockquote{margin:10px 0 12px;padding:10px 16px;border-left:4px solid var(--bad);border-radius:0 8px 8px 0;
background:var(--bad-bg);
font-weight:600}
.loosened li,.warning{margin-top:14px;padding:12px 16px;border-radius:10px}
.loosened li{background:var(--bad-bg);border:1px solid var(--bad);color:var(--bad)}
.warning{background:var(--warn-bg);border:1px solid var(--warn);color:var(--warn)}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:20px 32px;margin-top:28px;
padding-top:24px;
border-top:1px solid var(--line)}
.facts dt,.pairs dt{color:var(--soft);font-size:14px}
.facts dd{font-weight:600}.facts small{display:block}
nav{display:flex;flex-wrap:wrap;gap:8px;margin:20px 0 0}
nav a{padding:6px 14px;border:1px solid var(--line);border-radius:99px;background:var(--card);font-size:14px;
font-weight:600;
text-decoration:none}
nav a:hover{border-color:var(--soft)}
section{padding-top:44px}
h2{margin-bottom:4px;font-size:28px;line-height:1.25;letter-spacing:-.01em}
h3{font-size:18px;line-height:1.35}
section>h3{margin:28px 0 12px}
h4{font-size:15px;line-height:1.45}
.intro{max-width:68ch;margin-bottom:16px;color:var(--soft)}
.intro b{color:var(--ink)}
.pairs{display:grid;grid-template-columns:76px minmax(0,1fr);gap:2px 12px;align-items:baseline}
.picture{padding:28px}
.chain{display:block;width:100%;height:auto;margin:0 auto;overflow:visible}
.chain.narrow{display:none;max-width:420px}
.node{text-decoration:none}
.node rect{fill:var(--ground);stroke:var(--hue);stroke-width:1.5}
.node.open rect,.node.none rect{stroke-dasharray:4 4}
.node.breaks rect{stroke-width:3.5}
.node:hover rect{stroke-width:3}
.node text{fill:var(--ink);font-size:13px}
.node .title{font-weight:650;font-size:14px}.narrow .title{font-size:12.5px}.narrow .sub{font-size:12px}
.node .sub{fill:var(--hue)}
.narrow .node .title{letter-spacing:-.01em}
.node rect.flag,.node.breaks rect.flag{fill:var(--bad);stroke:none}
.node text.flag{fill:var(--on);font-size:11px;font-weight:700;text-anchor:middle}
.edge{fill:none;stroke:var(--hue);stroke-width:2}
.edge.bad,.edge.open,.edge.none{stroke-dasharray:5 5}
.head{fill:var(--hue)}
#boot .card,#checks .card{margin-bottom:12px}
#boot div.card{padding:18px 24px}
.lane{display:grid;grid-template-columns:64px minmax(0,1fr) 252px;gap:20px;align-items:center;padding:7px 0}
.lane .chip{justify-self:start}.lane b{white-space:nowrap}
.track{position:relative}
.lane .track{height:20px;margin-right:7px}
.lane .track::before{content:"";position:absolute;inset:9px -7px 9px 0;border-radius:1px;background:var(--line)}
.lane .track::after{content:"";position:absolute;right:-14px;top:5px;border:5px solid transparent;
border-left:8px solid var(--line)}
.lane i{position:absolute;top:4px;width:12px;height:12px;margin-left:-6px;border:2px solid var(--card);
border-radius:50%;
background:var(--hue)}
.lane i.ours{z-index:1;top:1px;width:18px;height:18px;margin-left:-9px;background:var(--ours);
transform:rotate(45deg);border-radius:4px}
summary{display:flex;flex-wrap:wrap;align-items:center;gap:8px 14px;padding:16px 24px;cursor:pointer;
list-style:none}
summary::-webkit-details-marker{display:none}
summary::before{content:"";flex:none;width:8px;height:8px;margin:0 4px 0 0;border:solid var(--soft);
border-width:0 2px 2px 0;
transform:rotate(-45deg)}
details[open]>summary::before{transform:rotate(45deg)}
summary h3{flex:1 1 0;min-width:150px}
summary small{display:block;font-size:14px}
.count{color:var(--soft);font-size:14px}
.rail{margin:0 24px 20px 32px;border-left:2px solid var(--line)}
.rail li{position:relative;padding:8px 0 12px 24px}
.rail li::before{content:"";position:absolute;left:-7px;top:13px;width:12px;height:12px;
border:2px solid var(--card);border-radius:50%;
background:var(--soft)}
.rail li.ours{margin:6px 0 6px 14px;padding:12px 16px;border:1px solid var(--ours);border-radius:10px;
background:var(--ours-bg)}
.rail li.ours::before{left:-24px;top:14px;width:18px;height:18px;border-radius:4px;background:var(--ours);
transform:rotate(45deg)}
.tag{margin-left:6px;padding:2px 10px;border-radius:99px;background:var(--ours);color:var(--on);font-size:12px;
font-weight:700;
white-space:nowrap}
.rail .more{color:var(--soft)}
.rail li.final{margin:10px 0 0 14px;padding:14px 16px;border:2px solid var(--hue);border-radius:10px}
.rail li.final::before{left:-22px;top:20px;width:14px;height:14px;border-radius:3px;background:var(--hue)}
.final h4{display:flex;flex-wrap:wrap;gap:8px 12px;align-items:center;margin-bottom:6px}
q{display:block;quotes:none;font:600 13px/1.5 var(--mono)}
.checks{padding:0 24px 8px}
.checks details{border-top:1px solid var(--line)}
.checks summary{display:grid;grid-template-columns:18px 40px 224px minmax(0,1fr);gap:2px 10px;align-items:start;
padding:9px 0;
font-size:14px}
.checks summary::before{display:none}
.checks summary .icon{margin-top:2px}
.checks summary b{font:600 13px/1.65 var(--mono)}
.checks summary:hover b{text-decoration:underline}
.word{font-weight:700;color:var(--hue)}
.checks dl{padding:0 0 12px 78px;scroll-margin-top:90px}
.checks dl:target{border-left:4px solid var(--ours);padding-left:74px}
.checks .bad{margin:0 -24px;padding:4px 24px;border-color:var(--bad);background:var(--bad-bg)}
.checks .bad .clause{font-weight:600}
.group.bad{border-color:var(--bad)}
.chart{padding:22px 24px}
.chart li,.axis{display:grid;grid-template-columns:330px minmax(0,1fr);gap:4px 24px;align-items:center;
padding:7px 0}
.what{display:grid;gap:0 12px;font-size:14px;line-height:1.4}
.what b{font-size:15px}.what span{color:var(--soft)}
.what em{display:flex;align-items:center;gap:6px;font-style:normal;font-weight:600;color:var(--hue)}
.what .icon{width:14px;height:14px}
.chart li .track{height:26px;border-radius:6px;background:var(--sunk)}
.bar{position:absolute;top:6px;bottom:6px;border-radius:7px;background:var(--hue);opacity:.85}
.chart .next .bar{opacity:1;outline:2px solid var(--warn);outline-offset:2px}
.chart .next em{color:var(--warn)}
.bar.before{border-top-left-radius:0;border-bottom-left-radius:0;
clip-path:polygon(0 50%,10px 0,100% 0,100% 100%,10px 100%)}
.bar.after{clip-path:polygon(0 0,calc(100% - 10px) 0,100% 50%,calc(100% - 10px) 100%,0 100%)}
.bar.before.after{clip-path:polygon(0 50%,10px 0,calc(100% - 10px) 0,100% 50%,calc(100% - 10px) 100%,10px 100%)}
.now{position:absolute;top:-4px;bottom:-4px;width:2px;margin-left:-1px;background:var(--ink)}
.axis .track{grid-column:2;height:22px;color:var(--soft);font-size:13px}
.axis span{position:absolute;top:0}
.axis .first{left:0}.axis .last{right:0}
.axis .mark{padding:0 6px;transform:translateX(-50%);border-radius:5px;background:var(--ink);color:var(--card);
font-weight:700}
.forecast{padding:6px 24px}
.forecast li{display:grid;grid-template-columns:190px minmax(0,1fr);gap:4px 24px;padding:14px 0}
.forecast li+li{border-top:1px solid var(--line)}
.when b,.when time{display:block}.when time{color:var(--soft);font-size:14px}
.forecast li:first-child .when b{color:var(--warn)}
.registers{padding:10px 24px 18px}
.registers dt{padding-top:12px;font-weight:600}
footer{margin-top:48px;padding-top:20px;border-top:1px solid var(--line);color:var(--soft);font-size:14px}
footer b{color:var(--ink)}
@media screen and (max-width:760px){body{padding:12px 10px 32px}.card{border-radius:12px}.verdict{padding:22px 18px}
h1{font-size:32px;gap:12px}
h1 .icon{width:34px;height:34px}h2{font-size:24px}section{padding-top:34px}.facts{grid-template-columns:1fr;
gap:14px}
.pairs{grid-template-columns:minmax(0,1fr)}.pairs dd{margin-bottom:6px}.picture{padding:20px 10px}
.chain.wide{display:none}.chain.narrow{display:block}
#boot div.card{padding:12px 16px}.lane{grid-template-columns:62px minmax(0,1fr);gap:2px 8px}
.lane .chip{grid-column:2}
summary{padding:14px 16px}.rail{margin:0 12px 16px 20px}.rail li{padding-left:16px}.checks{padding:0 14px 8px}
.checks summary{grid-template-columns:18px 38px minmax(0,1fr)}.checks .clause{grid-column:1/-1}
.checks dl{padding-left:0}
.checks dl:target{padding-left:10px}.checks .bad{margin:0 -14px;padding:4px 14px}.chart{padding:14px 16px}
.chart li,.axis,.forecast li{grid-template-columns:minmax(0,1fr)}.axis .track{grid-column:1}
.forecast,.registers{padding:6px 16px 12px}}
@media print{@page{margin:13mm}html{color-scheme:light}body{max-width:none;padding:0;background:#fff;
font-size:9.5pt;line-height:1.4}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}nav{display:none}.card{box-shadow:none;
border-radius:8px}
.verdict{padding:18px 20px}h1{font-size:30px}h1 .icon{width:32px;height:32px}h2{font-size:18px}h3{font-size:12pt}
h4{font-size:10pt}
.facts{grid-template-columns:repeat(3,1fr);gap:8px 20px;margin-top:14px;padding-top:12px}
.verdict>p:not(.kicker,.warning){font-size:12pt}
section{padding-top:20px}.picture{padding:14px}.chain.wide{display:block}.chain.narrow{display:none}
details::details-content{content-visibility:visible;display:block;height:auto}summary{padding:8px 14px}
summary::before{display:none}
code,q,.checks summary b{font-size:7.5pt;line-height:1.45}
.facts dt,.pairs dt,.chip,.what,.count,.quiet,small,.checks summary,summary small{font-size:8.5pt}
#boot div.card{padding:8px 14px}.lane{padding:2px 0;grid-template-columns:64px minmax(0,1fr) 210px}
.pairs{grid-template-columns:56px minmax(0,1fr);gap:0 8px}
.pairs dd{margin:0}.rail{margin:0 12px 10px 20px}.rail li{padding:3px 0 4px 16px}.rail li::before{top:6px}
.checks{padding:0 14px 4px}.checks summary{grid-template-columns:14px 34px 168px minmax(0,1fr);padding:3px 0 0}
.checks summary .icon{width:12px;height:12px}.checks dl{padding:0 0 3px 68px}.checks .bad{margin:0 -14px;
padding:2px 14px}
.chart,.forecast,.registers{padding:8px 14px}.chart li,.axis{grid-template-columns:290px minmax(0,1fr);
padding:2px 0}
.what{grid-template-columns:auto 1fr}.what b{font-size:9.5pt;grid-column:1/-1}.chart li .track{height:18px}
.bar{top:4px;bottom:4px}
.forecast li{padding:5px 0}.when time{font-size:8.5pt}.registers dt{padding-top:4px}
h2,h3,summary{break-after:avoid}.rail li,.checks details,.chart li,.forecast li,.picture,.facts{break-inside:avoid}
footer{margin-top:20px}}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
)";

}  // namespace

std::string_view style() { return sheet; }

}  // namespace mpc::report::html
