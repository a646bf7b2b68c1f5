// Colours files with the engine of VS Code and writes what it says, for tests/lang/editors.rs to judge.
//
//     node colours.cjs MODULES GRAMMAR FILE...
//
// MODULES is the folder whose node_modules holds the engine. The answer is JSON: for each file a
// list of lines, for each line a list of [first column, column after the last, scopes].

const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");

const [modules, grammarFile, ...files] = process.argv.slice(2);
const load = createRequire(path.join(modules, "package.json"));
const oniguruma = load("vscode-oniguruma");
const textmate = load("vscode-textmate");

async function main() {
    await oniguruma.loadWASM(fs.readFileSync(load.resolve("vscode-oniguruma/release/onig.wasm")).buffer);
    const registry = new textmate.Registry({
        onigLib: Promise.resolve({
            createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
            createOnigString: (text) => new oniguruma.OnigString(text),
        }),
        loadGrammar: async () => textmate.parseRawGrammar(fs.readFileSync(grammarFile, "utf8"), grammarFile),
    });
    const grammar = await registry.loadGrammar("source.warp");
    process.stdout.write(JSON.stringify(files.map((file) => colour(grammar, fs.readFileSync(file, "utf8")))));
}

function colour(grammar, text) {
    let state = textmate.INITIAL;
    return text.split("\n").map((line) => {
        const result = grammar.tokenizeLine(line, state);
        state = result.ruleStack;
        return result.tokens.map((token) => [token.startIndex, token.endIndex, token.scopes]);
    });
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
