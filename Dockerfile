# One image for web, worker, scheduler and migrations.
FROM node:20-bookworm-slim AS front-end
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --silent

FROM python:3.11-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 IVPORTAL_DATA=/var/lib/ivportal
RUN groupadd --system ivportal && useradd --system --gid ivportal --home-dir /app ivportal \
    && install -d -o ivportal -g ivportal /var/lib/ivportal
WORKDIR /app
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY --from=front-end /app/node_modules ./node_modules
COPY . .
USER ivportal
RUN IVPORTAL_PRODUCTION=1 IVPORTAL_SECRET_KEY=only-for-collecting-files REDIS_URL=redis://unused EMAIL_URL=dummymail:// \
    IVPORTAL_MAIL_FROM=unused IVPORTAL_ADDRESS=https://unused python manage.py collectstatic --noinput
EXPOSE 8000
CMD ["gunicorn", "ivportal.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
