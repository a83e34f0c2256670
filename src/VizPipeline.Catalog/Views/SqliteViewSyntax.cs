namespace VizPipeline.Catalog.Views;

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

    public string Replace(string name, string query) => $"DROP VIEW IF EXISTS {name};\n{Mark(name, query)};";

    // SQLite stores the statement itself.
    public string Mark(string name, string query) => $"CREATE VIEW {name} AS\n{query}";

    public string ReadMark(string name) => $"SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = '{name}';";
}
