/** What makes a client of each language, what compiles it, and what drives it. */

export interface Language {
  /** what the page calls it */
  title: string
  /** the folder here that holds the program, and the list of tools if they come from npm */
  folder: string
  /** the program, whose marked lines `docs/clients.md` shows */
  program: string
  /** where the tools come from: a folder here with a list of packages */
  tools: string
  /** packages of Debian that it takes */
  debian: string
  /** commands of a shell that run in an empty folder, with CONTRACT, FLOW (the folder here) and JAR */
  generate: string
  compile: string
  /** takes the address, the address of the later edition and a user name */
  drive: string
}

const JAVA_CLASSES = '"$JAR:/usr/share/java/geronimo-annotation-1.3-spec.jar"'

/** What openapi-generator makes, without tests and pages. */
const byJar = (generator: string, options: string) =>
  `java -jar "$JAR" generate -i "$CONTRACT" -g ${generator} -o client ${options} \
     --global-property=apiTests=false,modelTests=false,apiDocs=false,modelDocs=false`

const OF_JAR = { tools: 'openapi-generator' }

/** What the parts that hey-api and kubb bring along do not keep to themselves. */
const EXACT = '--exactOptionalPropertyTypes'

/** A generator of npm; its client and its program stand beside each other, as in a project. */
const byNpm = (program: string, title: string, generate: string, flags = ''): Language => ({
  title: `TypeScript, ${title}`,
  folder: 'typescript',
  program: `${program}.ts`,
  tools: 'typescript',
  debian: '',
  generate: `ln -s "$FLOW/node_modules" . && cp "$FLOW/tsconfig.json" "$FLOW/package.json" "$FLOW/${program}"*.ts . && ${generate}`,
  compile: `"$NODE" node_modules/.bin/tsc --project . ${flags}`,
  drive: `"$NODE" js/${program}.js`,
})

export const LANGUAGES: Readonly<Record<string, Language>> = {
  'openapi-fetch': byNpm(
    'openapi-fetch',
    'openapi-typescript and openapi-fetch',
    '"$NODE" node_modules/.bin/openapi-typescript "$CONTRACT" --output client/index.d.ts',
    EXACT,
  ),
  'hey-api': byNpm(
    'hey-api',
    '@hey-api/openapi-ts',
    '"$NODE" node_modules/.bin/openapi-ts -i "$CONTRACT" -o client -p @hey-api/typescript @hey-api/sdk @hey-api/client-fetch',
  ),
  orval: byNpm('orval', 'orval', '"$NODE" node_modules/.bin/orval --config orval.config.ts', EXACT),
  kubb: byNpm('kubb', 'kubb', '"$NODE" node_modules/.bin/kubb generate --config kubb.config.ts'),
  java: {
    ...OF_JAR,
    title: 'Java',
    folder: 'java',
    program: 'Flow.java',
    debian: 'default-jdk-headless libgeronimo-annotation-1.3-spec-java',
    generate: byJar('java', '--library native --additional-properties=openApiNullable=false'),
    // the generator's own jar holds the Jackson that its clients use
    compile: `javac -Xlint:all,-processing,-serial,-deprecation -Werror -cp ${JAVA_CLASSES} -d classes \
      $(find client/src/main -name '*.java') "$FLOW/Flow.java"`,
    drive: `java -cp classes:${JAVA_CLASSES} Flow`,
  },
  python: {
    ...OF_JAR,
    title: 'Python',
    folder: 'python',
    program: 'flow.py',
    debian: 'default-jre-headless python3-pydantic python3-urllib3 python3-dateutil python3-typing-extensions',
    generate: byJar('python', '--additional-properties=packageName=latchkey_client'),
    // Debian has no aenum; nothing of it is used that the standard library has not
    compile: `grep -l aenum client/latchkey_client/models/*.py | xargs -r sed -i \
        -e 's/^import json$/from __future__ import annotations; import json/' \
        -e 's/^from aenum import Enum, no_arg$/from enum import Enum/' && \
      /usr/bin/python3 -W error -m compileall -q client/latchkey_client`,
    drive: 'PYTHONPATH=client /usr/bin/python3 "$FLOW/flow.py"',
  },
  go: {
    ...OF_JAR,
    title: 'Go',
    folder: 'go',
    program: 'flow.go',
    debian: 'default-jre-headless golang-go',
    generate: byJar('go', '--git-user-id latchkey --git-repo-id client --additional-properties=packageName=latchkey'),
    compile: `mkdir flow && cp "$FLOW"/* flow && cd flow && export GOPROXY=off GOFLAGS=-mod=mod && \
      go vet . github.com/latchkey/client && go build -o flow .`,
    drive: 'flow/flow',
  },
  ruby: {
    ...OF_JAR,
    title: 'Ruby',
    folder: 'ruby',
    program: 'flow.rb',
    debian: 'default-jre-headless ruby ruby-typhoeus',
    generate: byJar('ruby', '--additional-properties=gemName=latchkey,library=typhoeus'),
    compile: `find client/lib "$FLOW" -name '*.rb' | xargs -n 1 ruby -c`,
    drive: 'ruby -W -I client/lib "$FLOW/flow.rb"',
  },
  php: {
    ...OF_JAR,
    title: 'PHP',
    folder: 'php',
    program: 'flow.php',
    debian: 'default-jre-headless php-cli php-curl php-mbstring php-guzzlehttp-guzzle',
    generate: byJar('php', '--additional-properties=invokerPackage=Latchkey'),
    compile: `find client/lib "$FLOW" -name '*.php' | xargs -n 1 php -l`,
    drive: 'php -d error_reporting=-1 "$FLOW/flow.php"',
  },
}
