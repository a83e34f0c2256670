using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using DuckDB.NET.Data;
using Microsoft.Data.Sqlite;
using VizPipeline.Catalog;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Deployment;

/// <summary>Runs the queries of docs/notebook.md, unchanged, with DuckDB over the exported tables of an atlas of 40 images.</summary>
[Collection(VizProcesses.Name)]
[Trait("Speed", "Slow")]
public sealed partial class NotebookTests(NotebookAtlas atlas, ITestOutputHelper output) : IClassFixture<NotebookAtlas>
{
    private const string Layer = "conv4";
    private static readonly string Page = Repository.Read("docs", "notebook.md");
    private static readonly IReadOnlyList<string> Questions =
        [.. Block().Matches(Page.Split("\n## ")[1]).Where(block => block.Groups[1].Value == "sql").Select(block => block.Groups[2].Value)];

    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public static TheoryData<int> Numbers => [.. Enumerable.Range(1, 11)];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_query_runs_and_finds_something(int number)
    {
        Assert.Equal(Numbers.Count, Questions.Count);
        var rows = Ask(Questions[number - 1]);
        output.WriteLine(string.Join('\n', rows.Select(row => string.Join(", ", row))));
        Assert.NotEmpty(rows);
    }

    [Fact]
    public async Task The_most_selective_neurons_are_those_of_the_catalog()
    {
        await using var catalog = atlas.Open();
        var neurons = await catalog.NeuronsAsync(await IdAsync(catalog), _cancellation).Where(row => row.Layer.Name == Layer)
            .ToListAsync(_cancellation);
        var expected = neurons.Select(row => row.Neuron).Where(neuron => neuron is { Dead: false, ClassSelectivity: not null })
            .OrderByDescending(neuron => neuron.ClassSelectivity).ThenBy(neuron => neuron.Channel).Take(10)
            .Select(neuron => (neuron.Channel, neuron.ClassSelectivity!.Value)).ToList();
        Assert.Equal(10, expected.Count);
        Assert.Equal(expected, Ask(Question("the most selective")).Select(row => ((int)row[0]!, (double)row[2]!)));
    }

    [Fact]
    public async Task The_images_of_most_lists_are_those_of_the_catalog()
    {
        await using var catalog = atlas.Open();
        var (images, patches) = await ReadAsync(catalog);
        var expected = patches.GroupBy(row => images[row.Patch.ImageIndex])
            .Select(group => (Image: group.Key, Lists: group.LongCount(), First: group.LongCount(row => row.Patch.Rank == 1)))
            .OrderByDescending(row => row.Lists).ThenBy(row => row.Image, StringComparer.Ordinal).Take(20).ToList();
        Assert.Equal(expected, Ask(Question("most top-9 lists")).Select(row => ((string)row[0]!, (long)row[2]!, (long)row[3]!)));
    }

    [Fact]
    public async Task The_pairs_of_neurons_are_those_of_the_catalog()
    {
        await using var catalog = atlas.Open();
        var (_, patches) = await ReadAsync(catalog);
        var tops = patches.Where(row => row.Layer.Name == Layer).GroupBy(row => row.Patch.Channel)
            .ToDictionary(group => group.Key, group => group.Select(row => row.Patch.ImageIndex).ToHashSet());
        var expected = from one in tops
                       from other in tops
                       where one.Key < other.Key
                       let shared = one.Value.Intersect(other.Value).LongCount()
                       where shared > 0
                       orderby shared descending, one.Key, other.Key
                       select (one.Key, other.Key, shared);
        Assert.Equal(expected.Take(20), Ask(Question("pairs of neurons")).Select(row => ((int)row[0]!, (int)row[1]!, (long)row[2]!)));
    }

    [Fact]
    public async Task The_heat_table_counts_every_patch_of_the_layer()
    {
        await using var catalog = atlas.Open();
        var (_, patches) = await ReadAsync(catalog);
        var cells = Ask(Question("heat table")).SelectMany(row => row.Skip(1))
            .Sum(cell => Convert.ToInt64(cell, CultureInfo.InvariantCulture));
        Assert.Equal(patches.Count(row => row.Layer.Name == Layer), cells);
    }

    [Fact]
    public async Task The_query_over_the_catalog_runs_in_SQLite()
    {
        var query = Inner().Match(Page).Groups[1].Value;
        await using var connection = new SqliteConnection($"Data Source={atlas.Database};Mode=ReadOnly;Pooling=False");
        await connection.OpenAsync(_cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = query;
        await using var reader = await command.ExecuteReaderAsync(_cancellation);
        var kinds = new List<string>();
        while (await reader.ReadAsync(_cancellation))
            kinds.Add(reader.GetString(0));
        Assert.Contains("scan", kinds);
        Assert.Contains("ascent", kinds);
    }

    [Fact]
    public async Task The_mapped_array_holds_the_activations_of_the_patches()
    {
        // What NumPy does with the file, byte by byte.
        var file = await File.ReadAllBytesAsync(atlas.At("atlas", "activations", Layer, "activations-000000.npy"), _cancellation);
        var start = 10 + BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8));
        var header = Encoding.ASCII.GetString(file.AsSpan(10, start - 10));
        Assert.Equal(1, file[6]);
        Assert.Contains("'<f2'", header, StringComparison.Ordinal);
        Assert.Contains("'fortran_order': True", header, StringComparison.Ordinal);
        var shape = Shape().Match(header);
        var (images, neurons) = (int.Parse(shape.Groups[1].Value, CultureInfo.InvariantCulture),
            int.Parse(shape.Groups[2].Value, CultureInfo.InvariantCulture));
        Assert.Equal(file.Length, start + (2 * images * neurons));
        Half At(int image, int neuron) => BinaryPrimitives.ReadHalfLittleEndian(file.AsSpan(start + (2 * ((neuron * images) + image))));

        await using var catalog = atlas.Open();
        var patches = (await ReadAsync(catalog)).Patches.Where(row => row.Layer.Name == Layer).Select(row => row.Patch).ToList();
        Assert.NotEmpty(patches);
        Assert.All(patches, patch => Assert.Equal((Half)patch.Activation, At(patch.ImageIndex, patch.Channel)));
        // The first of the sorted images is the strongest patch.
        Assert.All(
            patches.Where(patch => patch.Rank == 1),
            patch => Assert.Equal((Half)patch.Activation, Enumerable.Range(0, images).Max(image => At(image, patch.Channel))));
    }

    [Fact]
    public void The_Python_snippets_name_columns_and_files_that_exist()
    {
        var python = string.Concat(
            Block().Matches(Page).Where(block => block.Groups[1].Value == "python").Select(block => block.Groups[2].Value));
        foreach (Match table in TableFile().Matches(python))
            Assert.True(File.Exists(atlas.At(table.Value)), table.Value);
        var columns = new[] { "layers", "neurons", "patches", "pictures" }
            .SelectMany(table => Ask($"DESCRIBE SELECT * FROM 'tables/{table}.parquet'").Select(row => (string)row[0]!)).ToHashSet();
        var named = Named().Matches(python).Select(name => name.Groups[1].Value + name.Groups[2].Value).ToHashSet();
        Assert.Contains("class_selectivity", named);
        Assert.Subset(columns, named);
        // The pictures that a notebook shows.
        var files = Ask("SELECT file FROM 'tables/pictures.parquet' WHERE method = 'ascent' AND file IS NOT NULL");
        Assert.NotEmpty(files);
        Assert.All(files, row => Assert.True(File.Exists(atlas.At("atlas", (string)row[0]!)), (string)row[0]!));
    }

    private static string Question(string words)
    {
        var text = Page[Page.IndexOf(words, StringComparison.Ordinal)..];
        return Block().Matches(text).First(block => block.Groups[1].Value == "sql").Groups[2].Value;
    }

    private static async Task<int> IdAsync(CatalogContext catalog) =>
        (await catalog.FindAtlasAsync("model", TestContext.Current.CancellationToken))!.Id;

    private async Task<(Dictionary<int, string> Images, List<(Layer Layer, Patch Patch)> Patches)> ReadAsync(CatalogContext catalog)
    {
        var id = await IdAsync(catalog);
        return (
            await catalog.ImagesAsync(id)
                .ToDictionaryAsync(image => image.ImageIndex, image => image.Path, cancellationToken: _cancellation),
            await catalog.PatchesAsync(id, _cancellation).ToListAsync(_cancellation));
    }

    private List<object?[]> Ask(string query)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        // As if DuckDB were started in the folder with the tables.
        command.CommandText = $"SET file_search_path = '{atlas.At()}'";
        command.ExecuteNonQuery();
        command.CommandText = query;
        using var reader = command.ExecuteReader();
        var rows = new List<object?[]>();
        while (reader.Read())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        return rows;
    }

    [GeneratedRegex("^```(sql|python)\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"\$\$(.*?)\$\$", RegexOptions.Singleline)]
    private static partial Regex Inner();

    [GeneratedRegex(@"\(([0-9]+), ([0-9]+)\)")]
    private static partial Regex Shape();

    [GeneratedRegex(@"tables/\w+\.parquet")]
    private static partial Regex TableFile();

    // A column in brackets, or as pl.col names it.
    [GeneratedRegex("""(?:\["(\w+)"\]|pl\.col\("(\w+)"\))""")]
    private static partial Regex Named();
}

/// <summary>An atlas of the sample network over 40 images in two classes, made and exported by the commands of the documentation.</summary>
public sealed class NotebookAtlas : IAsyncLifetime
{
    private readonly DocumentationMaterial _material = new();

    public string Database => At("atlas", "atlas.db");

    public string At(params string[] parts) => _material.At(parts);

    public CatalogContext Open() => SqliteCatalogDatabase.ForReading(Database).Open();

    public async ValueTask InitializeAsync()
    {
        var log = new List<string>();
        await _material.RunAsync(
            ["viz run --model model.onnx --images photos --layers conv1,conv4,logits --ascent-steps 2 --out atlas"], log.Add);
        await _material.RunAsync(Containers.MarkdownCommands.OfPage("docs", "notebook.md"), log.Add);
    }

    public ValueTask DisposeAsync()
    {
        _material.Dispose();
        return ValueTask.CompletedTask;
    }
}
