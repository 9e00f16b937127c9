FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# argon2 and better-sqlite3 bring prebuilt binaries; no install script has to run
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force
# argon2 once more, for this machine's processor: up to twice as fast. Where the image runs on a machine that lacks any of its
# instruction sets, the prebuilt binary is used instead; TUNE_MARCH=x86-64-v3 builds for any of the last ten years.
ARG TUNE_MARCH=native
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc g++ libc6-dev
COPY src/passwords/binary.ts ./src/passwords/
COPY scripts/tune.ts ./scripts/
RUN TUNE_MARCH=$TUNE_MARCH node scripts/tune.ts

# what is started: the service and the packages that it consists of, in a few files
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts && npm cache clean --force
COPY scripts/build.ts ./scripts/
COPY src ./src
COPY plugins ./plugins
COPY routes ./routes
RUN node scripts/build.ts

FROM node:24-bookworm-slim
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json openapi.yaml openapi-compat.yaml LICENSE ./
COPY src ./src
COPY plugins ./plugins
COPY routes ./routes
# a new volume takes over the owner of the folder that it covers
RUN mkdir /data && chown node:node /data
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    DATABASE_URL=sqlite:/data/latchkey.db
VOLUME /data
EXPOSE 3000
USER node
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself is process 1, so signals reach it
CMD ["node", "dist/server.mjs"]
