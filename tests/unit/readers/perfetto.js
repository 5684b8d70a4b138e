// SPDX-License-Identifier: GPL-2.0-only
// Loads traces into Perfetto's trace processor, the program behind its viewer, and prints what SQL
// finds there: for each trace a line with its file's name, then one for each process, thread,
// slice, argument of a slice and arrow, and for each thing that the trace processor did not like.
// Usage: node perfetto.js DIR FILE…, where DIR has trace_processor.wasm, the glue that Perfetto's
// viewer runs it with (engine_bundle.node.js), and the client for it (engine.mjs)
const fs = require('fs');
const path = require('path');
const vm = require('vm');
const { pathToFileURL } = require('url');

const [dir, ...files] = process.argv.slice(2).map((name) => path.resolve(name));
// What it could not place, lay into each other or read.
const TROUBLE = `
	SELECT 'trouble ' || name || ' ' || value AS line FROM stats
	WHERE severity IN ('error', 'data_loss') AND value > 0 ORDER BY name`;
const PROCESSES = `
	SELECT 'process ' || pid || ' ' || ifnull(name, '-') AS line FROM process
	WHERE pid > 0 ORDER BY pid`;
const THREADS = `
	SELECT 'thread ' || tid || ' of ' || ifnull(pid, '-') || ' ' || ifnull(thread.name, '-') AS line
	FROM thread LEFT JOIN process USING (upid) WHERE tid > 0 ORDER BY tid`;
// A slice with those that it lies in, as the trace processor nested them.
const PATHS = `
	WITH RECURSIVE path(id, name) AS (
		SELECT id, name FROM slice WHERE parent_id IS NULL
		UNION ALL
		SELECT slice.id, path.name || '/' || slice.name FROM slice JOIN path ON parent_id = path.id)`;
const OF_TASK = 'JOIN thread_track ON track_id = thread_track.id JOIN thread USING (utid)';
const SLICES = `${PATHS}
	SELECT 'slice ' || slice.id || ' ' || tid || ' ' || path.name || ' ' || ts || ' ' || dur AS line
	FROM slice JOIN path ON path.id = slice.id ${OF_TASK} ORDER BY slice.id`;
const ARGUMENTS = `
	SELECT 'arg ' || slice.id || ' ' || key || ' ' || ifnull(display_value, '-') AS line
	FROM slice JOIN args USING (arg_set_id) ORDER BY slice.id, args.id`;
const ARROWS = `
	SELECT 'arrow ' || o.tid || ' ' || o.name || ' ' || o.ts || ' to ' ||
		i.tid || ' ' || i.name || ' ' || i.ts AS line
	FROM flow
	JOIN (SELECT slice.id, tid, slice.name, ts FROM slice ${OF_TASK}) o ON slice_out = o.id
	JOIN (SELECT slice.id, tid, slice.name, ts FROM slice ${OF_TASK}) i ON slice_in = i.id
	ORDER BY flow.id`;

// The glue wants to be a worker of a browser, which asks its server for the program.
function be_worker()
{
	const scope = {
		self: globalThis,
		WorkerGlobalScope: function () {},
		location: { href: pathToFileURL(dir).href + '/' },
		XMLHttpRequest: class {
			open(method, name) {
				this.response = new Uint8Array(fs.readFileSync(path.join(dir, name)));
			}
			send() {}
		},
	};

	for (const [name, value] of Object.entries(scope))
		Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}

// Runs the glue. It asks whether there are memories of 64 bits; the program is one of 32.
function run_glue()
{
	const { Module } = WebAssembly;
	const name = path.join(dir, 'engine_bundle.node.js');

	WebAssembly.Module = function (code) {
		if (code.length < 100)
			throw new Error('no memory of 64 bits');
		return new Module(code);
	};
	vm.runInThisContext(fs.readFileSync(name, 'utf8'), { filename: name });
	WebAssembly.Module = Module;
}

async function start()
{
	const { EngineBase } = await import(pathToFileURL(path.join(dir, 'engine.mjs')).href);
	const port = {};

	class Engine extends EngineBase {
		rpcSendRequestBytes(data) {
			port.onmessage({ data });
		}
	}
	const engine = new Engine();

	port.postMessage = (data) => engine.onRpcResponseBytes(data);
	be_worker();
	run_glue();
	self.onmessage({ data: port });
	await new Promise(setImmediate);
	return engine;
}

async function print(engine, query)
{
	const result = await engine.query(query);

	for (const row = result.iter({ line: 'str' }); row.valid(); row.next())
		console.log(row.line);
}

async function main()
{
	const engine = await start();

	for (const file of files) {
		console.log(`file ${file}`);
		await engine.resetTraceProcessor({});
		await engine.parse(new Uint8Array(fs.readFileSync(file)));
		await engine.notifyEof();
		for (const query of [PROCESSES, THREADS, SLICES, ARGUMENTS, ARROWS, TROUBLE])
			await print(engine, query);
	}
}

// It says much that is no trouble; what ends it is in the error that it throws.
console.warn = () => {};

main().catch((error) => {
	console.error(error);
	process.exit(1);
});
