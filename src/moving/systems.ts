/** The systems that users can come from; in a file that two of them could have written, the first is meant. */
import type { System } from './system.ts'
import { auth0 } from './systems/auth0.ts'
import { fastapiAuth } from './systems/fastapi-auth.ts'
import { firebase } from './systems/firebase.ts'
import { flaskAuth } from './systems/flask-auth.ts'
import { flaskJwtDemo } from './systems/flask-jwt-demo.ts'
import { general } from './systems/general.ts'
import { keycloak } from './systems/keycloak.ts'
import { pythonJwtTemplate } from './systems/python-jwt-template.ts'
import { supabase } from './systems/supabase.ts'

export const SYSTEMS: readonly System[] = [
  flaskJwtDemo,
  pythonJwtTemplate,
  flaskAuth,
  fastapiAuth,
  supabase,
  firebase,
  keycloak,
  auth0,
  general,
]
