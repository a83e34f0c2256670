using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VizPipeline.Atlas;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Benchmarks;

/// <summary>
/// How quickly the atlas answers 50 readers who browse a ResNet-50-size atlas of 26,560 neurons in a real PostgreSQL. Readers, server and
/// database share this machine's processors. PostgreSQL is named by the service's environment variables.
/// </summary>
internal static class ReaderBenchmarks
{
    private const int Readers = 50;
    private const int Layers = 53;
    private const int Images = 10_000;
    private const int Classes = 1_000;
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync()
    {
        var random = new Random(0);
        var folder = Directory.CreateTempSubdirectory("viz-readers-");
        await using var app = Server(folder.FullName);
        var database = app.Services.GetRequiredService<CatalogDatabase>();
        var spec = await FillAsync(database, app.Services.GetRequiredService<IObjectStore>(), random);
        await app.StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Readers })
        {
            BaseAddress = new Uri(
            app.Urls.Single())
        };
        foreach (var kind in Kinds)
            await AskAsync(http, kind.Path(spec, random), []);

        Console.WriteLine(
            $"{spec.NeuronCount():N0} neurons in {Layers} layers, {Images:N0} images, {Readers} readers, "
            + $"{Environment.ProcessorCount} processors\n");
        foreach (var think in new[] { 1.0, 0.0 })
        {
            var times = Kinds.ToDictionary(kind => kind.Name, _ => new List<double>());
            var clock = Stopwatch.StartNew();
            await Task.WhenAll(Enumerable.Range(0, Readers).Select(
                reader => Task.Run(() => ReadAsync(http, spec, new Random(reader), think, clock, times))));
            Print(think, times, clock.Elapsed);
        }
        folder.Delete(recursive: true);
        return 0;
    }

    // What a person's clicks and a script's questions ask for, and how often of 100.
    private static readonly (string Name, int Share, Func<AtlasSpec, Random, string> Path)[] Kinds =
    [
        ("API: one neuron", 25,
            (spec, random) => $"/api/v1/atlases/large/layers/{Layer(spec, random)}/neurons/{random.Next(200)}"),
        ("API: neurons, sorted and filtered", 20,
            (spec, random) => $"/api/v1/atlases/large/neurons?sort=-class_selectivity&where=max>{random.Next(5)}&limit=100"),
        ("API: neurons of a layer", 10, (spec, random) => $"/api/v1/atlases/large/neurons?layer={Layer(spec, random)}&sort=-max&limit=100"),
        ("API: similar neurons", 10,
            (spec, random) => $"/api/v1/atlases/large/layers/{Layer(spec, random)}/neurons/{random.Next(200)}/similar?limit=20"),
        ("API: patches of an image", 10, (_, random) => $"/api/v1/atlases/large/patches?image={random.Next(Images)}"),
        ("API: layers", 5, (_, _) => "/api/v1/atlases/large/layers"),
        ("API: classes", 2, (_, _) => "/api/v1/atlases/large/classes"),
        ("page: neuron", 10, (spec, random) => $"/atlases/large/neurons/{Layer(spec, random)}/{random.Next(200)}"),
        ("page: layer", 5, (spec, random) => $"/atlases/large/layers/{Layer(spec, random)}"),
        ("page: atlas", 3, (_, _) => "/atlases/large"),
    ];

    private static string Layer(AtlasSpec spec, Random random) => spec.Layers[random.Next(spec.Layers.Count)].Name;

    private static async Task ReadAsync(
        HttpClient http, AtlasSpec spec, Random random, double think, Stopwatch clock, Dictionary<string, List<double>> times)
    {
        await Task.Delay(TimeSpan.FromSeconds(think * random.NextDouble()));
        while (clock.Elapsed < Span)
        {
            var place = random.Next(100);
            var kind = Kinds.First(kind => (place -= kind.Share) < 0);
            await AskAsync(http, kind.Path(spec, random), times[kind.Name]);
            await Task.Delay(TimeSpan.FromSeconds(think * (0.5 + random.NextDouble())));
        }
    }

    private static async Task AskAsync(HttpClient http, string path, List<double> times)
    {
        var began = Stopwatch.GetTimestamp();
        using var answer = await http.GetAsync(path);
        var body = await answer.Content.ReadAsByteArrayAsync();
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{path}: {answer.StatusCode} {System.Text.Encoding.UTF8.GetString(body)}");
        lock (times)
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
    }

    private static void Print(double think, Dictionary<string, List<double>> times, TimeSpan elapsed)
    {
        Console.WriteLine(
            $"{(think > 0 ? $"a pause of {think:0} s on average between requests" : "no pause between requests")}: "
            + $"{times.Values.Sum(list => list.Count) / elapsed.TotalSeconds:0} requests/s");
        Console.WriteLine("| request | count | median ms | p95 ms | p99 ms |\n|---|---|---|---|---|");
        foreach (var (name, list) in times)
            Row(name, list);
        Row("all of the API", [.. times.Where(pair => pair.Key.StartsWith("API", StringComparison.Ordinal)).SelectMany(
            pair => pair.Value)]);
        Row("all pages", [.. times.Where(pair => pair.Key.StartsWith("page", StringComparison.Ordinal)).SelectMany(pair => pair.Value)]);
        Console.WriteLine();
    }

    private static void Row(string name, List<double> list)
    {
        list.Sort();
        double At(double share) => list.Count == 0 ? 0 : list[Math.Min(list.Count - 1, (int)(share * list.Count))];
        Console.WriteLine($"| {name} | {list.Count} | {At(0.5):0.0} | {At(0.95):0.0} | {At(0.99):0.0} |");
    }

    private static WebApplication Server(string folder)
    {
        var builder = ServiceHost.CreateBuilder(["--Http:Port=0", "--Http:Address=127.0.0.1"], "atlas", 0);
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
        builder.Services.AddSingleton<IObjectStore>(new FolderObjectStore(folder));
        builder.AddCatalogReader();
        builder.AddEmbeddedBus();
        builder.AddAtlas();
        var app = builder.Build();
        app.MapServiceEndpoints();
        app.MapAtlas();
        return app;
    }

    /// <summary>An atlas whose numbers are random and whose sizes are ResNet-50's.</summary>
    private static async Task<AtlasSpec> FillAsync(CatalogDatabase database, IObjectStore store, Random random)
    {
        await database.MigrateAsync();
        var channels = Enumerable.Range(0, Layers).Select(i => i == Layers - 1 ? 1_000 : i < Layers - 6 ? 440 : 816).ToArray();
        channels[0] += 26_560 - channels.Sum();
        var spec = new AtlasSpec
        {
            Id = "large",
            Name = "Large",
            Model = new ModelSpec { Model = "net.onnx", ModelSha256 = "ab", Input = [3, 224, 224] },
            Images = new ImageSetSpec
            {
                Root = "/images",
                ManifestHash = "cd",
                Count = Images,
                Classes = [.. Enumerable.Range(
                0, Classes).Select(i => $"class {i}")]
            },
            Preprocessing = JsonSerializer.SerializeToElement(new { resize = 256 }),
            Layers = [.. channels.Select((count, i) => new LayerSpec
            {
                Index = i,
                Name = $"layer{i}",
                Kind = i == Layers - 1 ? "output" : "conv",
                Channels = count,
                Height = 14,
                Width = 14,
                Inputs = i == 0 ? [] : [i - 1],
            })],
            OutputNames = [.. Enumerable.Range(0, 1_000).Select(i => $"class {i}")],
            Methods = AtlasMethods.All,
            Ascent = new AscentSpec { Presets = ["3"], Seeds = [0] },
            ShardImages = 256,
            NeuronsPerJob = 64,
        };
        await using var catalog = database.Open();
        await catalog.Database.ExecuteSqlAsync($"TRUNCATE atlas, worker CASCADE");
        await using var transaction = await catalog.Database.BeginTransactionAsync();
        var images = new ImageList(
            [.. Enumerable.Range(0, Images).Select(i => new ImageEntry($"n{i % Classes:D8}/{i}.JPEG", i % Classes))]);
        var atlas = await AtlasCreation.CreateAsync(
            catalog, spec, images, JobPlan.For(spec), TimeProvider.System.GetUtcNow().UtcDateTime, default);
        foreach (var layer in spec.Layers)
        {
            var job = await catalog.Jobs.FirstAsync(row => row.AtlasId == atlas.Id && row.Kind == JobKind.Merge
                && row.LayerIndex == layer.Index);
            await ResultIngest.IngestAsync(catalog, job, VizJson.Write(Table(layer, random)), default);
            int[] sample = [.. Enumerable.Range(0, 512).Select(i => i * Images / 512)];
            var values = new float[layer.Channels * sample.Length];
            for (var i = 0; i < values.Length; i++)
                values[i] = random.NextSingle();
            await store.PutAsync(
                AtlasKeys.LayerProfiles(spec.Id, layer.Name), new ActivationProfiles(layer.Channels, sample, values).Write());
        }
        await catalog.Database.ExecuteSqlAsync($"UPDATE atlas SET state = 'completed', finished_at = created_at");
        await transaction.CommitAsync();
        await catalog.Database.ExecuteSqlAsync($"ANALYZE");
        return spec;
    }

    private static LayerTable Table(LayerSpec layer, Random random) => new(
        layer.Index,
        [.. Enumerable.Range(0, layer.Channels).Select(channel => new NeuronRow
        {
            Layer = layer.Index,
            Channel = channel,
            Images = Images,
            Mean = random.NextDouble(),
            StandardDeviation = random.NextDouble(),
            Max = 10 * random.NextDouble(),
            FractionPositive = random.NextDouble(),
            Dead = random.Next(100) == 0,
            Q50 = random.NextDouble(),
            Q90 = 1 + random.NextDouble(),
            Q99 = 2 + random.NextDouble(),
            Q999 = 3 + random.NextDouble(),
            HistogramLow = 0,
            HistogramHigh = 10,
            Histogram = [.. Enumerable.Range(0, NeuronRow.HistogramBins).Select(_ => random.Next(1_000))],
            BestClass = random.Next(Classes),
            BestClassMean = random.NextDouble(),
            ClassSelectivity = random.NextDouble(),
            TopClasses = [.. Enumerable.Range(0, 9).Select(_ => random.Next(Classes))],
            TopPurity = random.Next(1, 10) / 9.0,
        })],
        [.. from channel in Enumerable.Range(0, layer.Channels)
            from rank in Enumerable.Range(1, 9)
            select new PatchRow
            {
                Layer = layer.Index,
                Channel = channel,
                Rank = rank,
                Image = random.Next(Images),
                Activation = 10f / rank,
                Y = 3,
                X = 4,
                Box = new(0, 0, 60, 60),
                Clipped = new(0, 0, 60, 60),
            }]);
}
