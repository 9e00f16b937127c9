"""Writes the users of the four reference systems into FOLDER as these systems would: A, C and D as SQLite files,
B's table as CSV and as JSON lines. Needs Debian's python3-flask-sqlalchemy, python3-bcrypt and python3-passlib.

usage: /usr/bin/python3 make_files.py FOLDER [ROUNDS]

ROUNDS is the cost of bcrypt; without it there are few, since the tests check many hashes.
"""

import csv
import datetime
import hashlib
import json
import os
import sys

import bcrypt
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from passlib.context import CryptContext

FOLDER = os.path.abspath(sys.argv[1])
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 4


def database(name):
    app = Flask(name)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///" + os.path.join(FOLDER, name + ".db")
    return app, SQLAlchemy(app)


def fill(app, db, users):
    with app.app_context():
        db.create_all()
        db.session.add_all(users)
        db.session.commit()


def flask_jwt_demo():
    app, db = database("flask-jwt-demo")

    class User(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        username = db.Column(db.String(80), unique=True, nullable=False)
        password = db.Column(db.LargeBinary, nullable=False)

    def hashed(password):
        salt = os.urandom(32)
        return salt + hashlib.pbkdf2_hmac("sha256", password.encode("utf-8"), salt, 100000)

    names = ["adaa", "Grace.Hopper", "zoë_1", "deleted"]
    users = [User(id=i + 1, username=name, password=hashed("demo " + name)) for i, name in enumerate(names)]
    fill(app, db, users)
    with app.app_context():
        db.session.delete(db.session.get(User, 4))
        db.session.add(User(id=11, username="with a space", password=hashed("demo")))
        db.session.add(User(id=12, username="cutshort", password=b"too short for a hash"))
        db.session.commit()


def python_jwt_template():
    fields = ["id", "email", "password", "name", "registration_timestamp", "admin"]

    def row(number, email, name, admin=0):
        password = bcrypt.hashpw(("template " + email).encode(), bcrypt.gensalt(ROUNDS)).decode()
        time = datetime.datetime(2021, 3, 4, 5, 6, 7) + datetime.timedelta(days=number)
        return dict(zip(fields, [number, email, password, name, time.strftime("%Y-%m-%d %H:%M:%S"), admin]))

    rows = [
        row(1, "lin@example.org", 'Lin "the first", O\'Neil'),
        row(2, "Max@Example.org", "Max", 1),
        row(5, "josé@example.org", "José"),
        row(6, "123", "no address at all"),
    ]
    with open(os.path.join(FOLDER, "python-jwt-template.csv"), "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        writer.writerows(rows)
    with open(os.path.join(FOLDER, "python-jwt-template.jsonl"), "w", encoding="utf-8") as file:
        for each in rows:
            file.write(json.dumps(each) + "\n")


def flask_auth():
    app, db = database("flask-auth")

    class User(db.Model):
        id = db.Column(db.Integer, primary_key=True, autoincrement=True)
        username = db.Column(db.String(80), unique=True, nullable=False)
        email = db.Column(db.String(120), unique=True, nullable=False)
        password_hash = db.Column(db.Text, nullable=False)
        created_at = db.Column(db.DateTime, default=datetime.datetime.utcnow)
        updated_at = db.Column(db.DateTime, default=datetime.datetime.utcnow)

    def user(username):
        password = bcrypt.hashpw(("flask " + username).encode(), bcrypt.gensalt(ROUNDS)).decode()
        return User(username=username, email=username + "@flask.example.org", password_hash=password)

    fill(app, db, [user("carla"), user("Carl"), user("carlos")])


def fastapi_auth():
    app, db = database("fastapi-auth")
    context = CryptContext(schemes=["bcrypt"], deprecated="auto", bcrypt__rounds=ROUNDS)

    class User(db.Model):
        __tablename__ = "users"
        id = db.Column(db.Integer, primary_key=True)
        email = db.Column(db.String, unique=True, index=True, nullable=False)
        username = db.Column(db.String, unique=True, index=True, nullable=False)
        hashed_password = db.Column(db.String, nullable=False)
        full_name = db.Column(db.String)
        is_active = db.Column(db.Boolean, default=True)
        is_superuser = db.Column(db.Boolean, default=False)
        created_at = db.Column(db.DateTime, default=datetime.datetime.utcnow)
        updated_at = db.Column(db.DateTime, default=datetime.datetime.utcnow)

    def user(username, **more):
        password = context.hash("fastapi " + username)
        return User(username=username, email=username + "@fastapi.example.org", hashed_password=password, **more)

    fill(app, db, [user("dora", full_name="Dora Dorn"), user("dean", is_superuser=True), user("dirk", is_active=False)])


for make in (flask_jwt_demo, python_jwt_template, flask_auth, fastapi_auth):
    make()
