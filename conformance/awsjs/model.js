// The service model, and which of its operations the server says to have.
import { readFileSync } from 'node:fs';

const repository = new URL('../../', import.meta.url);
export const model = JSON.parse(readFileSync(new URL('internal/awsapi/models/cognito-idp.json', repository), 'utf8'));
export const operations = Object.keys(model.operations);

const table = readFileSync(new URL('docs/api-support.md', repository), 'utf8').split('(`cognito-idp`)')[1].split('\n## ')[0];
export const written = new Set([...table.matchAll(/^\| (\w+) \| written \|$/gm)].map((m) => m[1]));

// declared are the names of an operation's errors.
export const declared = (operation) => [...new Set(model.operations[operation].errors.map((e) => e.code))];

// members are those of an operation's input, by name.
export const members = (operation) => model.shapes[model.operations[operation].input].members;
export const required = (operation) => Object.keys(members(operation)).filter((m) => members(operation)[m].required);

// signed reports whether an operation is for administrators.
export const signed = (operation) => model.operations[operation].auth === 'v4';
