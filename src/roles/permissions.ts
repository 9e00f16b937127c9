/** Who may do what: permissions are what routes name, roles are what accounts hold. */

export const ROLES = ['admin', 'user'] as const
export type Role = (typeof ROLES)[number]

/** What a route can ask for. */
export type Permission = 'audit:read' | 'self:read' | 'self:write' | 'users:read' | 'users:write' | 'sessions:end'

const SELF: readonly Permission[] = ['self:read', 'self:write']

const PERMISSIONS: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  user: new Set(SELF),
  admin: new Set([...SELF, 'audit:read', 'users:read', 'users:write', 'sessions:end']),
}

/** Whether any of the roles grants the permission. */
export function isAllowed(roles: readonly Role[], permission: Permission): boolean {
  return roles.some((role) => PERMISSIONS[role].has(permission))
}
