{#- Every accepted row is counted, superseded, set aside or late. -#}
{% test rows_in_equal_rows_out(model) %}
select *
from {{ model }}
where rows_accepted <> rows_counted + rows_superseded + rows_set_aside + rows_late
{% endtest %}
