{#- Every accepted row is counted, superseded or set aside. -#}
{% test rows_in_equal_rows_out(model) %}
select *
from {{ model }}
where rows_accepted <> rows_counted + rows_superseded + rows_set_aside
{% endtest %}
