# The server with its data in /data. Behind a proxy that ends TLS: see compose.yaml.
FROM node:20-bookworm-slim

WORKDIR /parley
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY . .
RUN mkdir /data && chown node:node /data /parley

USER node
VOLUME /data
EXPOSE 8787
# Keys come by the environment: APP_ID, APP_KEY, MASTER_KEY (docs/running.md).
CMD ["npm", "start", "--", "--host", "0.0.0.0", "--port", "8787", "--data", "/data", "--proxies", "1"]
