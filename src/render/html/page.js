// The page: keeps what is selected, and passes it to the charts and the table.

import {line} from "d3-shape";
import {scaleLinear} from "d3-scale";
import {max, sum} from "d3-array";
import {select} from "d3-selection";
import {amount, load, shown, size_of, total_of} from "./data.js";
import {change, moment, percent, size, zone} from "./format.js";
import {make_colors} from "./colors.js";
import {Icicle} from "./icicle.js";
import {Table} from "./table.js";
import {Timeline, add_up} from "./timeline.js";
import {draw_bar, draw_lines} from "./account.js";

const $ = id => document.getElementById(id);
const data = load();
const timeline = data.timeline || null;
const last = timeline ? timeline.times.length - 1 : data.sides ? 1 : 0;
const state = {moment: last, before: data.sides ? 0 : null, key: Math.max(0, data.by.length - 1)};
const kinds = {proc: "the running system", tree: "a captured tree", smaps: "smaps files",
	recording: "a recording", diff: "a comparison of"};

function fact(list, name, value) {
	const pair = list.appendChild(document.createElement("div"));

	pair.appendChild(document.createElement("dt")).textContent = name;
	pair.appendChild(document.createElement("dd")).textContent = value;
}

function show_sides(facts) {
	data.columns.forEach((column, i) => {
		if (column.type === "bytes")
			fact(facts, column.header, data.totals[i] === null ? "-" : size(amount(data.totals[i])));
		else if (column.type === "change")
			fact(facts, column.header, data.totals[i] === null ? "-" : change(data.totals[i]));
	});
}

function show_head() {
	const facts = $("facts"), column = data.columns[data.size];
	const when = timeline ? `${moment(timeline.times[0])} to ${moment(timeline.times[last])}`
		: data.time ? moment(Date.parse(data.time)) : "";

	document.title = data.host ? `Memory of ${data.host}` : "Memory";
	$("title").textContent = document.title;
	$("subtitle").textContent = [when && `${when} (${zone()})`, data.kernel && `Linux ${data.kernel}`,
		`from ${kinds[data.source]}` + (data.source === "proc" ? ""
			: ` ${data.paths.join(data.sides ? " and " : " ")}`)].filter(Boolean).join(" · ");
	if (data.sides)
		show_sides(facts);
	else if (column)
		fact(facts, timeline ? `${column.header} at the end` : column.header,
			size(total_of(data, last)));
	if (timeline)
		fact(facts, "Most", size(max(timeline.total)));
	const processes = data.columns.findIndex(one => one.name === "processes");
	if (processes >= 0 && data.totals[processes] !== null)
		fact(facts, "Processes", String([].concat(data.totals[processes])[0]));
	if (data.meminfo.mem_total)
		fact(facts, "Memory of the machine", size(data.meminfo.mem_total));
	$("tool").textContent = `Made by anonmem ${data.tool.version}. PSS divides a page among the ` +
		"processes that map it, so that sums are right; see anonmem(1).";
}

// Colors.

function names_by_size() {
	if (timeline)
		return add_up(data, state.key).largest.map(one => one.name);
	const sums = new Map();

	for (const row of data.rows)
		sums.set(row.keys[state.key], (sums.get(row.keys[state.key]) || 0) +
			(size_of(data, row, state.moment) || 0));
	return [...sums].sort((a, b) => b[1] - a[1]).map(one => one[0]);
}

function choose_keys() {
	const select_key = $("stack-by");

	data.by.forEach((name, key) => {
		const option = select_key.appendChild(document.createElement("option"));

		option.value = key;
		option.textContent = name;
	});
	select_key.value = state.key;
	select_key.addEventListener("change", () => {
		state.key = Number(select_key.value);
		show_colors();
		show();
	});
}

function show_colors() {
	state.colors = make_colors(names_by_size());
	if (timeline) {
		state.series = add_up(data, state.key);
		chart.show(state.series, state.colors);
	}
}

function show_legend() {
	const list = $("legend");
	const all = [...state.series.largest, ...(state.series.others ? [state.series.others] : [])];

	list.textContent = "";
	for (const one of all) {
		const item = list.appendChild(document.createElement("li"));
		const box = select(item).append("svg").attr("width", 12).attr("height", 12)
			.attr("aria-hidden", "true").append("rect").attr("width", 12).attr("height", 12);
		const name = item.appendChild(document.createElement("bdi"));

		if (one.name === null)
			box.attr("class", "rest");
		else
			box.attr("fill", state.colors.get(one.name));
		name.textContent = one.name ?? "all others";
		item.appendChild(document.createElement("b")).textContent =
			one.values[state.moment] === null ? "-" : size(one.values[state.moment]);
	}
}

// Growth.

// The growth of a row; null if it is unknown.
function grown(row) {
	const before = row.values[state.before], after = row.values[state.moment];

	return before === null || after === null ? null : after - before;
}

function show_growth() {
	const text = $("growth");

	if (state.before === null) {
		text.textContent = "";
		return;
	}
	const total = total_of(data, state.moment) - total_of(data, state.before);
	const rows = data.rows.map(row => ({name: row.name, grown: grown(row)}))
		.filter(row => row.grown).sort((a, b) => Math.abs(b.grown) - Math.abs(a.grown));

	text.textContent = `From ${moment(timeline.times[state.before])} to ` +
		`${moment(timeline.times[state.moment])}: ${change(total)}.` +
		(rows.length ? " Largest changes: " +
			rows.slice(0, 3).map(row => `${row.name} ${change(row.grown)}`).join("; ") + "." : "");
}

// The table.

function key_columns() {
	return data.keys.flat().map(i => ({...data.columns[i], key: true, get: row => row.cells[i],
		draw: (row, cell) => cell.attr("title", shown(data, row, i)).append("bdi")
			.text(shown(data, row, i))}));
}

const other_columns = () => data.columns.map((column, i) => ({...column, at: i,
	get: row => row.cells[i]})).filter(column => column.key === null);

function graph(row, cell) {
	const width = 96, high = 20;
	const x = scaleLinear().domain([timeline.times[0], timeline.times[last]]).range([1, width - 1]);
	const y = scaleLinear().domain([0, row.peak || 1]).range([high - 2, 2]);

	cell.append("svg").attr("width", width).attr("height", high).attr("aria-hidden", "true")
		.append("path").attr("class", "spark")
		.attr("d", line().defined((value, i) => value !== null).x((value, i) => x(timeline.times[i]))
			.y(value => y(value))(row.values));
}

function moment_columns() {
	const column = data.columns.find(one => one.name === timeline.column);
	const now = {name: "now", header: column.header, help: column.help, type: "bytes",
		get: row => row.values[state.moment], total: () => total_of(data, state.moment)};
	const peak = [
		{name: "peak", header: "PEAK", help: "the most of all samples", type: "bytes", get: row => row.peak,
			total: () => max(timeline.total)},
		{name: "peak_time", header: "PEAK AT", help: "when that was", type: "time", get: row => row.peak_time,
			total: () => null},
		{name: "graph", header: "GRAPH", type: "graph", get: () => null, draw: graph},
	];

	return state.moment === last ? [now, ...peak, ...other_columns()
		.filter(one => one.name !== timeline.column)] : [now, ...peak];
}

function compared_columns() {
	const at = (name, header, instant) => ({name, header, type: "bytes",
		get: row => row.values[instant], total: () => total_of(data, instant)});

	return [at("before", "BEFORE", state.before), at("after", "AFTER", state.moment),
		{name: "change", header: "CHANGE", type: "change", get: grown,
			order: row => grown(row) === null ? null : Math.abs(grown(row)),
			total: () => total_of(data, state.moment) - total_of(data, state.before)},
		{name: "graph", header: "GRAPH", type: "graph", get: () => null, draw: graph}];
}

function show_table() {
	const total = column => column.total ? column.total()
		: column.at === undefined ? null : data.totals[column.at];

	if (!timeline)
		table.show([...key_columns(), ...other_columns()], data.rows, total,
			data.columns.some(column => column.name === "change") ? "change"
				: data.size < 0 ? data.columns[0].name : data.columns[data.size].name);
	else if (state.before === null)
		table.show([...key_columns(), ...moment_columns()], data.rows, total, "now");
	else
		table.show([...key_columns(), ...compared_columns()], data.rows, total, "change");
}

// The machine, what could not be read, and which labels are guesses.

function show_machine() {
	const m = data.meminfo, facts = $("meminfo"), account = $("account");
	const names = {mem_available: "Available", mem_free: "Free", cached: "Cache", anon_pages: "Anonymous",
		shmem: "Shared memory", mapped: "Mapped files"};

	if (!Object.keys(m).length)
		return;
	$("machine").hidden = false;
	if (timeline)
		draw_lines(account, timeline, [
			{name: "available", values: timeline.available, style: "first"},
			{name: "swapped", values: timeline.swapped, style: "second"}]);
	else if (m.mem_total && m.mem_available !== undefined)
		draw_bar(account, m.mem_available, m.mem_total);
	for (const name of Object.keys(names)) {
		if (m[name] !== undefined)
			fact(facts, names[name], size(m[name]));
	}
	if (m.swap_total !== undefined && m.swap_free !== undefined)
		fact(facts, "Swapped", `${size(m.swap_total - m.swap_free)} of ${size(m.swap_total)}`);
}

function show_guesses() {
	const key = Math.max(data.by.indexOf("label"), data.by.indexOf("subsystem"));

	if (key < 0)
		return;
	const guessed = sum(data.rows.filter(row => row.keys[key].startsWith("~")),
		row => size_of(data, row, state.moment) ?? 0);

	$("guesses").textContent = guessed === 0 ? "No label here is a guess." : "A label that begins with ~ is a guess; a ? at its end means only likely. Guesses: " +
		`${size(guessed)}, ${percent(guessed, total_of(data, state.moment))}.`;
}

function show_about() {
	const notes = $("notes");

	$("coverage").textContent = data.coverage || "";
	for (const text of [...data.checks, ...data.notes])
		notes.appendChild(document.createElement("li")).textContent = text;
	if (data.left_out > 0)
		notes.appendChild(document.createElement("li")).textContent =
			`This page leaves out the ${data.left_out} smallest rows; the totals include them.`;
	if (!timeline)
		return;
	const samples = `${timeline.samples} sample${timeline.samples === 1 ? "" : "s"}`;

	$("thinning").textContent = samples + (timeline.samples > last + 1
		? `, ${last + 1} of them drawn: ` + (timeline.off < 1024 ? "the others lie on the lines between them."
			: `no large row is farther than ${size(timeline.off)} from the lines between them.`)
		: ".") + " Click to select a moment, drag to compare two." +
		(timeline.clock_set ? " The clock was set back: times count up from the first sample." : "");
}

// Selecting.

function show() {
	if (timeline) {
		show_legend();
		show_growth();
		show_sliders();
	}
	$("shape-hint").textContent = "Wider boxes are larger" + (state.before === null ? ". "
		: "; orange ones grew and blue ones shrank between the two " +
			(data.sides ? "sides. " : "moments. ")) +
		"Arrow keys move between boxes; Enter or a click opens one, Escape closes it.";
	icicle.show(state.moment, state.before, state.key, state.colors);
	show_table();
	show_guesses();
}

let waiting = false;

function choose(at, before) {
	state.moment = at;
	state.before = before;
	chart.choose(at, before);
	if (waiting)
		return;
	waiting = true;
	requestAnimationFrame(() => {
		waiting = false;
		show();
	});
}

function show_sliders() {
	const {moment: now, before} = state;
	const text = at => `${moment(timeline.times[at])}, ${size(timeline.total[at])}`;

	$("moment").value = now;
	$("moment").setAttribute("aria-valuetext", text(now));
	$("moment-text").textContent = text(now);
	$("before").value = before ?? now;
	$("before").setAttribute("aria-valuetext", before === null ? "nothing" : text(before));
	$("before-text").textContent = before === null ? "nothing" : text(before);
	$("zoom-in").textContent = before === null ? "Zoom in" : "Zoom to these two";
}

function listen() {
	$("moment").max = $("before").max = last;
	$("moment").addEventListener("input", event => {
		const at = Number(event.target.value);

		choose(at, state.before !== null && state.before >= at ? null : state.before);
	});
	$("before").addEventListener("input", event => {
		const at = Number(event.target.value);

		choose(state.moment, at >= state.moment ? null : at);
	});
	$("zoom-in").addEventListener("click", () => {
		const [from, to] = chart.view, quarter = Math.max(1, Math.round((to - from) / 4));
		const begin = Math.max(0, Math.min(last - 2 * quarter, state.moment - quarter));

		if (state.before !== null)
			chart.zoom(state.before, state.moment);
		else
			chart.zoom(begin, Math.min(last, begin + 2 * quarter));
		$("zoom-out").disabled = false;
	});
	$("zoom-out").addEventListener("click", () => {
		chart.zoom(0, last);
		$("zoom-out").disabled = true;
	});
}

function tell_box(path, numbers) {
	$("box").textContent = `${path}: ${numbers}`;
}

let chart = null;
const icicle = new Icicle($("icicle"), data, tell_box);
const table = new Table($("rows"), $("search"), $("shown"), $("more"));

show_head();
choose_keys();
if (timeline) {
	$("time").hidden = false;
	chart = new Timeline($("chart"), data, choose);
	listen();
}
show_colors();
show_about();
show_machine();
show();
new ResizeObserver(() => {
	if (chart)
		chart.draw();
	icicle.draw();
}).observe(document.querySelector("main"));
