// SPDX-License-Identifier: GPL-2.0-only
// Loads a file of Chrome's trace events as TracerBench does, and prints what it made of it: a line
// for each slice with those that it lies in, a line for each arrow.
// Usage: node chrome.js FILE, where npm's package @tracerbench/trace-model can be found
const fs = require('fs');
const { buildModel } = require('@tracerbench/trace-model');

const trace = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const model = buildModel(trace);

function path(event) {
	return (event.parent ? path(event.parent) + '/' : '') + event.name;
}

for (const process of model.processes) {
	for (const thread of process.threads) {
		for (const event of thread.events) {
			const task = `${process.name} ${process.id} ${thread.name} ${thread.id}`;

			if (event.isComplete())
				console.log(`slice ${task} ${path(event)} ` +
					    `${event.args.registers ? event.args.registers.x[0] : ''}`);
			else if (event.isFlowBegin())
				console.log(`from ${event.traceEvent.id} ${task}`);
			else if (event.isFlowEnd())
				console.log(`to ${event.traceEvent.id} ${task}`);
		}
	}
}
