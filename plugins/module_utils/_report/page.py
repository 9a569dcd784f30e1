# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The template of the page. A module carries Python alone, so it stands in one. No script, and nothing from a network:
whoever opens it has it whole, and its policy allows no more."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --bg: #ffffff; --fg: #1b1f24; --soft: #4d5761; --line: #c5cdd6; --card: #f4f6f8;
  --ok: #176b2c; --bad: #a31515; --warn: #7a4a00; --bar: #2f6fb3; --band: #e3e8ee; }
@media (prefers-color-scheme: dark) { :root { --bg: #10151b; --fg: #e6ebf1; --soft: #aab6c2; --line: #3a444f;
  --card: #19212a; --ok: #5fd07a; --bad: #ff8f87; --warn: #eac054; --bar: #6aa9ea; --band: #232d38; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 74rem; padding: 1rem; background: var(--bg); color: var(--fg);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: .3rem 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem;
  margin: 1rem 0 .3rem; }
a { color: inherit; } a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid
  var(--bar); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; } .skip:focus { position: static; }
.verdict { border-left: .6rem solid var(--warn); background: var(--card); padding: .6rem 1rem; }
.verdict.clean { border-color: var(--ok); } .verdict.leftovers { border-color: var(--bad); }
.clean .word { color: var(--ok); } .leftovers .word, .bad { color: var(--bad); } .unverified .word, .warn { color:
  var(--warn); }
.soft { color: var(--soft); }
dl.totals { display: flex; flex-wrap: wrap; gap: .5rem; margin: .8rem 0; } dl.totals div { background: var(--card);
  padding: .4rem .8rem; min-width: 7rem; }
dl.totals dt { color: var(--soft); font-size: .85rem; } dl.totals dd { margin: 0; font-size: 1.3rem; font-weight:
  600; }
dl.about dt { font-weight: 600; } dl.about dd { margin: 0 0 .4rem 1rem; }
table { border-collapse: collapse; margin: .5rem 0; } th, td { border: 1px solid var(--line); padding: .2rem .5rem;
  text-align: left; vertical-align: top; }
thead th { background: var(--card); } td.number { text-align: right; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
details { margin: .3rem 0; } summary { cursor: pointer; padding: .15rem 0; }
details.object { border-left: 3px solid var(--line); padding-left: .7rem; content-visibility: auto; }
pre { background: var(--card); padding: .5rem; white-space: pre-wrap; margin: .3rem 0; } code { font-family:
  ui-monospace, monospace; }
svg { width: 100%; height: auto; min-width: 40rem; } svg text { fill: var(--fg); font-size: 12px; font-family:
  inherit; } svg .grid { stroke: var(--line); }
svg .band { fill: var(--band); } svg .bar { fill: var(--bar); } svg .bar.stays { fill: var(--bad); }
@media print { :root { --bg: #fff; --fg: #000; --soft: #333; --card: #fff; } body { max-width: none; font-size: 9pt; }
  details::details-content { content-visibility: visible; block-size: auto; } .skip, nav { display: none; } h2 {
  break-after: avoid; }
  details.object { content-visibility: visible; } svg { min-width: 0; } .wide { overflow: visible; } }
"""

TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="generator" content="mtv.teardown {{ told.within('versions', 'collection') }}">
<title>{{ told.verdict }}: session {{ told.prefix }}</title>
<link rel="icon" href="data:,">
<style>{{ style }}</style>
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header class="verdict {{ told.verdict }}">
<h1><span class="word">
<span aria-hidden="true">{{ sign }}</span> {{ told.verdict }}</span>: session {{ told.prefix }}</h1>
<p>{{ told.headline }}</p>
<p class="soft">
{%- if told.within('cluster', 'url') %}
Cluster {{ told.within('cluster', 'url') }}{% if told.within('cluster', 'context') %}
, context {{ told.within('cluster', 'context') }}{% endif %}. {% endif %}
{%- if told.text('run_id') %}Run {{ told.text('run_id') }}. {% endif %}
{%- if told.ended %}
Began {{ told.text('began') }}, ended {{ told.text('ended') }}, took {{ told.data['seconds'] }} s. {% endif %}
{%- if told.data.get('versions') %}
mtv.teardown {{ told.within('versions', 'collection') }}, ansible-core {{ told.within('versions', 'ansible') }},
Python {{ told.within('versions', 'python') }}.{% endif %}
</p>
{% for line in earlier %}<p class="soft">{{ line }}</p>
{% endfor %}
</header>
<nav aria-label="Parts of this page"><p>{% for id, title in parts %}
<a href="#{{ id }}">{{ title }}</a>{% if not loop.last %} · {% endif %}{% endfor %}</p></nav>
<main id="main" tabindex="-1">
<section aria-labelledby="totals"><h2 id="totals">Totals</h2>
<dl class="totals">{% for name, number in told.totals.items() %}<div><dt>{{ words[name] }}</dt>
<dd data-total="{{ name }}">{{ known(number) }}</dd></div>{% endfor %}</dl>
{% if phases %}<div class="wide" tabindex="0" role="region" aria-label="Phases"><table><caption>Phases</caption>
<thead><tr><th scope="col">phase</th><th scope="col">found</th><th scope="col">deleted</th><th scope="col">left</th>
<th scope="col">time</th></tr></thead>
<tbody>{% for row in phases %}<tr><th scope="row">{{ row[0] }}</th>{% for cell in row[1:] %}
<td class="number">{{ cell }}</td>{% endfor %}</tr>{% endfor %}</tbody></table></div>{% endif %}
</section>
{% if picture %}<section aria-labelledby="timeline"><h2 id="timeline">When it went</h2>
<p class="soft">Each bar is one kind in one phase, from when the first was asked to go until the last was gone.
What stays has a bar to the end.</p>
<div class="wide" tabindex="0" role="region" aria-label="Picture of the deletion">
<svg viewBox="0 0 {{ left + across + 20 }} {{ picture.high }}" role="img" aria-labelledby="svgt svgd">
<title id="svgt">The deletion by phase and kind</title>
<desc id="svgd">The same is in the table below the picture.</desc>
{% for x, wide, name in picture.bands %}
<rect class="band" x="{{ '%.2f' % x }}" y="18" width="{{ '%.2f' % wide }}" height="{{ picture.high - 40 }}">
<title>{{ name }}</title></rect>{% endfor %}
{% for x, label in picture.ticks %}
<line class="grid" x1="{{ '%.2f' % x }}" x2="{{ '%.2f' % x }}" y1="18" y2="{{ picture.high - 22 }}"/>
<text x="{{ '%.2f' % x }}" y="{{ picture.high - 6 }}" text-anchor="middle">{{ label }}</text>{% endfor %}
{% for bar in picture.bars %}<g>
<title>{{ bar.number }} {{ bar.kind }}, {{ bar.phase }}:
{{ '%.1f' % bar.asked }} s to {{ '%.1f' % bar.gone }} s{% if bar.left %}, {{ bar.left }} left{% endif %}</title>
<text x="{{ left - 8 }}" y="{{ bar.y + 14 }}" text-anchor="end">{{ bar.number }} {{ bar.kind | truncate(30, true,
'…') }}, {{ bar.phase }}</text><rect class="bar{% if bar.left %} stays{% endif %}
" x="{{ '%.2f' % bar.x }}" y="{{ bar.y + 3 }}" width="{{ '%.2f' % bar.wide }}" height="14" rx="2"/></g>{% endfor %}
</svg></div>
<details><summary>The same as a table</summary>
<div class="wide" tabindex="0" role="region" aria-label="The deletion as a table"><table>
<caption>Seconds since the run began</caption>
<thead><tr><th scope="col">phase</th><th scope="col">kind</th><th scope="col">number</th><th scope="col">asked</th>
<th scope="col">gone</th><th scope="col">went along</th><th scope="col">left</th></tr></thead>
<tbody>{% for bar in picture.bars %}<tr><td>{{ bar.phase }}</td><th scope="row">{{ bar.kind }}</th>
<td class="number">{{ bar.number }}</td><td class="number">{{ '%.1f' % bar.asked }}</td>
<td class="number">{% if bar.left == bar.number %}&ndash;{% else %}{{ '%.1f' % bar.gone }}{% endif %}</td>
<td class="number">{{ bar.along }}</td><td class="number">{{ bar.left }}</td></tr>{% endfor %}</tbody></table></div>
</details>
</section>{% endif %}
{% if causes %}<section aria-labelledby="left"><h2 id="left">Left: {{ told.totals.leftovers }}</h2>
{% for group in causes %}<h3 id="cause-{{ loop.index }}">{{ group.name }}: {{ group.entries | length }}</h3>
{% if group.about %}<details><summary>{{ group.about.title }}</summary><dl class="about">
{% for name, text in group.about.paragraphs() %}<dt>{{ name }}</dt><dd>{{ text }}</dd>{% endfor %}</dl></details>
{% endif %}
{% for entry in group.entries %}<details class="object"{% if loop.index <= 5 %} open{% endif %}>
<summary>{{ name_of(entry) }}</summary>
<p>{{ entry.reason }}</p><p><strong>Next:</strong> {{ entry.next_step }}</p>
<p class="soft">The session's by {{ entry.evidence }}{% if entry.rests_on %} ({{ entry.rests_on }}){% endif %}
{% if entry.test_name %}; made by {{ entry.test_name }}{% endif %}; uid {{ entry.uid }}</p>
{% if seen_lines(entry) %}<details><summary>What was seen</summary><ul>{% for line in seen_lines(entry) %}
<li><code>{{ line }}</code></li>{% endfor %}</ul></details>
{% endif %}
{% for what, command in commands_of(entry) %}<pre><span class="soft">{{ what }}</span> <code>{{ command }}</code></pre>
{% endfor %}
<details><summary>All of it, as YAML</summary><pre><code>{{ yaml(entry) }}</code></pre></details>
</details>
{% endfor %}{% endfor %}</section>{% endif %}
{% for name, entries in unknown.items() %}<section aria-labelledby="{{ name }}"><h2 id="{{ name }}">
<span class="warn">{{ words[name] | capitalize }}</span>: {{ entries | length }}</h2>
<ul>{% for entry in entries %}<li>{{ name_of(entry) }}: {{ entry.error or entry.reason }}{% if entry.next_step %}
<strong>Next:</strong> {{ entry.next_step }}{% endif %}</li>{% endfor %}</ul></section>{% endfor %}
{% if told.evidence[0] or told.evidence[1] %}<section aria-labelledby="evidence">
<h2 id="evidence">Evidence: {{ told.evidence[0] | length }}</h2>
<p class="soft">Taken before anything was deleted that would hide it; the files are in folders beside the result.</p>
<ul>{% for file in told.evidence[0] %}<li><a href="./{{ file.path | urlencode }}">{{ name_of(file) }}</a>
{{ file.why }}, {{ file.size }} bytes{% if file.truncated %}, cut{% endif %}</li>{% endfor %}
{% for note in told.evidence[1] %}<li>{{ note }}</li>{% endfor %}</ul></section>{% endif %}
{% if told.listed('accepted') %}<section aria-labelledby="accepted">
<h2 id="accepted">Accepted: {{ told.totals.accepted }}</h2>
<ul>{% for entry in told.listed('accepted') %}<li>{{ name_of(entry) }}: {{ entry.accepted_because }}</li>{% endfor %}
</ul></section>{% endif %}
{% if refused %}<section aria-labelledby="refused"><h2 id="refused">Not touched: {{ told.totals.refused }}</h2>
{% for reason, entries in refused.items() %}<details class="object">
<summary>{{ reason }}: {{ entries | length }}</summary><ul>{% for entry in entries %}
<li>{{ name_of(entry) }}</li>{% endfor %}</ul></details>
{% endfor %}</section>{% endif %}
{% if matrix or providers %}<section aria-labelledby="coverage"><h2 id="coverage">What was read</h2>
<p class="soft">Objects met, by look: <code>3 · 0</code> is 3 in the first and 0 in the second. A dash:
nobody had to ask there, for the whole cluster was read, or there is nothing of that kind.</p>
{% if matrix %}<details{% if matrix.failed %} open{% endif %}>
<summary>The cluster: {{ matrix.rows | length }} kinds, {{ matrix.failed }} scopes not read</summary>
<div class="wide" tabindex="0" role="region" aria-label="What was read of the cluster"><table>
<caption>Kinds by namespace</caption>
<thead><tr><th scope="col">kind</th>{% for place in matrix.places %}<th scope="col">{{ place }}</th>{% endfor %}
</tr></thead>
<tbody>{% for kind, cells in matrix.rows %}<tr><th scope="row">{{ kind }}</th>{% for cell in cells %}
<td{% if 'not read' in cell %} class="bad"{% endif %}>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</tbody></table>
</div></details>{% endif %}
{% if providers %}<div class="wide" tabindex="0" role="region" aria-label="What was read of providers"><table>
<caption>Source providers</caption><thead><tr><th scope="col">provider</th><th scope="col">kind</th>
<th scope="col">objects met</th></tr></thead>
<tbody>{% for provider, kind, cell in providers %}<tr><th scope="row">{{ provider }}</th><td>{{ kind }}</td>
<td{% if 'not read' in cell %} class="bad"{% endif %}>{{ cell }}</td></tr>{% endfor %}</tbody></table>
</div>{% endif %}
</section>{% endif %}
{% if deleted %}<section aria-labelledby="deleted"><h2 id="deleted">Deleted: {{ told.totals.deleted }}</h2>
{% for kind, entries in deleted.items() %}<details class="object">
<summary>{{ kind }}: {{ entries | length }}</summary><ul>{% for entry in entries %}
<li>{{ name_of(entry) }} <span class="soft">{{ entry.evidence }}{% if entry.rests_on %}
({{ entry.rests_on }}){% endif %}{% if entry.reason %}; {{ entry.reason }}{% endif %}</span></li>{% endfor %}</ul>
</details>
{% endfor %}</section>{% endif %}
</main>
</body>
</html>
"""
