{#-
    The score on an aspect beside that on its overall metric, of each respondent who answered both.

    scores, responses: CTEs of int_scores and int_responses.
    aspects: a CTE with study, metric and overall_metric of the aspects.
-#}
{% macro score_pairs(scores, responses, aspects) -%}
    select
        aspect.response,
        aspect.metric,
        aspect.score,
        overall.score as overall_score
    from {{ scores }} as aspect
    inner join {{ responses }} on aspect.response = {{ responses }}.response
    inner join {{ aspects }}
        on {{ responses }}.study = {{ aspects }}.study
        and aspect.metric = {{ aspects }}.metric
    inner join {{ scores }} as overall
        on aspect.response = overall.response
        and {{ aspects }}.overall_metric = overall.metric
{%- endmacro %}
