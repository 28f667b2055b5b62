{{ kept('int_invitation_rows') }}
