/// The page's style sheet: one column, the system's fonts, two colours for the result and quiet ones for the rest.
enum PageStyle {
    static let css = palette + text + layout + charts + tables

    private static let palette = """
        :root{color-scheme:light dark;--paper:#f7f6f3;--card:#fffefc;--ink:#1d2126;--soft:#5d656e;--faint:#8b929a;--rule:#e4e1da;--grid:#eceae4;
        --blue:#2a5c9a;--sky:#8fb0d4;--gain:#1e7b52;--loss:#b5403a;--amber:#b9771b;--violet:#6f559b;--teal:#2c7f86;--rose:#a8527c;--tint:#2a5c9a14}
        @media(prefers-color-scheme:dark){:root{--paper:#14171a;--card:#1a1e22;--ink:#e6e4df;--soft:#a3aab1;--faint:#7c848c;--rule:#2c3238;--grid:#262b30;
        --blue:#7fb0e6;--sky:#5b80ad;--gain:#5cc596;--loss:#ec8078;--amber:#e2b05c;--violet:#b39bdc;--teal:#6cc3ca;--rose:#de92b6;--tint:#7fb0e61f}}

        """

    private static let text = """
        *{box-sizing:border-box}html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
        font-variant-numeric:tabular-nums lining-nums}
        h1,h2{font-family:"Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua",Georgia,serif;font-weight:600;letter-spacing:-.01em}
        h1{font-size:34px;line-height:1.15;margin:0;overflow-wrap:anywhere}h2{font-size:21px;margin:0 0 4px}h3{font-size:14px;font-weight:600;margin:0}
        p{margin:0}.note{color:var(--soft);font-size:13px;margin:0 0 8px}.kicker{color:var(--faint);font-size:12px;letter-spacing:.09em;text-transform:uppercase;margin-bottom:6px}
        .where{color:var(--soft);margin-top:8px;overflow-wrap:anywhere}.verdict{font-size:17px;margin-top:14px;max-width:48em}
        .gain{color:var(--gain)}.loss{color:var(--loss)}code{font:12.5px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
        a{color:inherit}footer{color:var(--faint);font-size:13px;padding:8px 0 40px}

        """

    private static let layout = """
        main{max-width:1120px;margin:0 auto;padding:44px 28px 0}header{padding-bottom:26px}
        section{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:22px 24px;margin-bottom:18px}
        .cards{display:grid;grid-template-columns:repeat(6,1fr);gap:1px;background:var(--rule);border:1px solid var(--rule);border-radius:10px;overflow:hidden;margin-bottom:18px}
        .card{background:var(--card);padding:14px 16px}.card dt{color:var(--soft);font-size:12.5px;white-space:nowrap}.card dd{margin:2px 0 0;font-size:21px;font-weight:600;letter-spacing:-.01em;white-space:nowrap}
        .card small{display:block;color:var(--faint);font-size:12px;margin-top:1px}
        dl{margin:0}.two{display:grid;grid-template-columns:1fr 1fr;gap:8px 36px}.two>*{min-width:0}
        .facts{display:grid;grid-template-columns:max-content 1fr;gap:4px 22px;font-size:14px}.facts dt{color:var(--soft)}.facts dd{margin:0;overflow-wrap:anywhere}
        .sub{margin:18px 0 6px}
        @media(max-width:980px){.cards{grid-template-columns:repeat(3,1fr)}.two{grid-template-columns:1fr}}
        @media(max-width:640px){main{padding:24px 12px 0}section{padding:16px 14px;border-radius:8px}h1{font-size:27px}.cards{grid-template-columns:repeat(2,1fr)}
        .card{padding:11px 13px}.card dd{font-size:18px}.facts{grid-template-columns:minmax(8.5em,auto) 1fr;gap:3px 14px}}

        """

    private static let charts = """
        figure{margin:0;padding-top:22px}h2+figure,.note+figure,.two figure{padding-top:12px}figcaption{display:flex;flex-wrap:wrap;gap:2px 18px;align-items:baseline;margin-bottom:8px}
        .legend{display:flex;flex-wrap:wrap;gap:2px 14px;color:var(--soft);font-size:13px}.key::before{content:"";display:inline-block;width:14px;height:0;border-top:2.5px solid var(--tone);vertical-align:middle;margin-right:6px;border-radius:2px}
        .key.buy::before,.key.sell::before{width:0;border:4.5px solid transparent;border-top:0;border-bottom:7px solid var(--gain)}.key.sell::before{border-bottom:0;border-top:7px solid var(--loss)}
        .plot{position:relative;margin:0 4px 30px 66px}.plot>svg{display:block;width:100%;height:100%;overflow:visible}
        .plot text{font-size:11.5px;fill:var(--faint)}.plot .y{text-anchor:end}.plot .x{text-anchor:middle}.plot .x.s{text-anchor:start}.plot .x.e{text-anchor:end}
        .plot .v{fill:var(--soft);text-anchor:middle}.grid{stroke:var(--grid);shape-rendering:crispEdges}.zero{stroke:var(--faint);shape-rendering:crispEdges;opacity:.7}
        .c1{--tone:var(--blue)}.c2{--tone:var(--amber)}.c3{--tone:var(--teal)}.c4{--tone:var(--violet)}.c5{--tone:var(--rose)}.gross{--tone:var(--sky)}.down{--tone:var(--loss)}.price{--tone:var(--soft)}
        .line{fill:none;stroke:var(--tone);stroke-width:1.5;stroke-linejoin:round;stroke-linecap:round;vector-effect:non-scaling-stroke}.line.price{stroke-width:1.1}
        .fill{fill:var(--tone);opacity:.13;stroke:none}use.buy{fill:var(--gain)}use.sell{fill:var(--loss)}use{stroke:var(--card);stroke-width:.8}
        rect.up{fill:var(--gain)}rect.dn{fill:var(--loss)}rect.up,rect.dn{opacity:.85}circle{fill:var(--tone);stroke:var(--card);stroke-width:1.5}.join{stroke:var(--tone);stroke-width:1.5}
        .cursor{position:absolute;top:0;bottom:0;width:1px;background:var(--faint);pointer-events:none}
        .tip{position:absolute;top:4px;z-index:2;background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:5px 9px;font-size:12px;line-height:1.45;white-space:nowrap;pointer-events:none;box-shadow:0 2px 10px #0002}
        .tip b{font-weight:600}.defs{position:absolute;width:0;height:0}
        @media(max-width:640px){.plot{margin-left:52px;margin-right:2px}.plot text{font-size:10.5px}.plot .x.alt{display:none}}

        """

    private static let tables = """
        .scroll{overflow-x:auto;margin-top:8px}.scroll.tall{max-height:560px;overflow-y:auto;border-top:1px solid var(--rule);border-bottom:1px solid var(--rule)}
        table{border-collapse:collapse;width:100%;font-size:13.5px}th,td{padding:5px 10px;text-align:right;white-space:nowrap}th:first-child,td:first-child{padding-left:2px;position:sticky;left:0;background:var(--card)}th:last-child,td:last-child{padding-right:2px}
        th{color:var(--soft);font-weight:500;font-size:12.5px;border-bottom:1px solid var(--rule)}.tall thead th{position:sticky;top:0;background:var(--card);z-index:1}.tall thead th:first-child{z-index:2}
        tbody tr+tr td{border-top:1px solid var(--grid)}tfoot td{border-top:1px solid var(--rule);font-weight:600}.l{text-align:left}.dense table{font-size:13px}.dense th,.dense td{padding-left:7px;padding-right:7px}.nw{white-space:nowrap}
        th button{all:unset;cursor:pointer}th button:focus-visible{outline:2px solid var(--blue);outline-offset:2px}th[aria-sort=ascending] button::after{content:" ↑"}th[aria-sort=descending] button::after{content:" ↓"}
        .heat td{text-align:center;padding:5px 4px;border:2px solid var(--card)!important;border-radius:6px;min-width:56px}.heat td:first-child,.heat th:first-child{text-align:left;min-width:0}.heat th{text-align:center;border:0}
        .heat.narrow{width:auto}.heat.narrow td{min-width:92px}.heat .sum{font-weight:600}.days rect{rx:2px}.days text{font-size:10.5px;fill:var(--faint)}
        \(heatLevels)
        .none{color:var(--faint)}@media print{body{background:#fff}section{break-inside:avoid}.scroll.tall{max-height:none}}

        """

    /// Four depths of gain and loss, as background of cells and as fill of squares.
    private static let heatLevels = (1...4).map { level in
        let strength = level * 18
        return [("g", "gain"), ("r", "loss")].map { letter, tone in
            let mix = "color-mix(in srgb,var(--\(tone)) \(strength)%,var(--card))"
            let ink = level == 4 ? ";color:var(--card)" : ""
            return ".\(letter)\(level){background:\(mix);fill:\(mix)\(ink)}"
        }.joined()
    }.joined() + ".z{fill:var(--grid)}"
}
