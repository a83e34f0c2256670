namespace VizPipeline.Catalog.Migrations.Sqlite;

internal sealed class SqliteViewSyntax : IViewSyntax
{
    public string Json(string column) => column;

    public string Text(string column, params string[] path) => $"json_extract({column}, '$.{string.Join('.', path)}')";

    public string ClassNames(string numbers, string atlasId) =>
        $"""
        CASE WHEN {numbers} IS NOT NULL THEN (
                SELECT json_group_array(named.name) FROM (
                    SELECT coalesce(t.name, CAST(e.value AS text)) AS name FROM json_each({numbers}) e
                    LEFT JOIN image_class t ON t.atlas_id = {atlasId} AND t.class_index = e.value ORDER BY e.key) named) END
        """;
}
