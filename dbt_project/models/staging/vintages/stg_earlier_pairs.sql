select
    contributions.study,
    contributions.organisation_code,
    contributions.period,
    contributions.channel,
    contributions.measure,
    contributions.respondent,
    contributions.content,
    contributions.vintage
from {{ source('vintages', 'int_contributions') }} as contributions
inner join {{ ref('stg_earlier_vintages') }} as earlier
    on contributions.study = earlier.study
    and contributions.organisation_code = earlier.organisation_code
    and contributions.period = earlier.period
    and contributions.vintage = earlier.vintage
where contributions.measure like 'pairs of %'
