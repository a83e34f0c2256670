using System.Net;
using System.Text.Json;
using VizPipeline.ActivationStore;
using VizPipeline.Network.Formats.Numpy;
using VizPipeline.Tests.Catalog;

namespace VizPipeline.Tests.Atlas.Api;

/// <summary>Questions about kept activations over HTTP, against plain loops over the same numbers.</summary>
public sealed class ActivationApiTests
{
    private const string Neuron = "atlases/demo/layers/conv1/neurons/1";
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public static TheoryData<Engine> Engines => [Engine.Sqlite, Engine.Postgres];

    [Theory, MemberData(nameof(Engines))]
    public async Task The_images_of_a_neuron_come_in_any_order_of_any_part_and_in_pages(Engine engine)
    {
        await using var api = await ApiHost.StartAsync(engine);
        var values = await KeepAsync(api);
        float[] one = [.. values.Select(row => (float)row[1])];
        var all = await api.AllAsync($"{Neuron}/activations", 500);
        Assert.Equal(one.Index().OrderByDescending(entry => entry.Item).Select(entry => entry.Index), all.Select(Image));
        Assert.Equal(all.Select(row => row.GetRawText()), (await api.AllAsync($"{Neuron}/activations", 3)).Select(row => row.GetRawText()));
        Assert.All(all, row => Assert.Equal(one[Image(row)], row.GetProperty("activation").GetSingle()));
        Assert.Equal(
            one.Index().OrderBy(entry => entry.Item).Select(entry => entry.Index).Take(3),
            (await api.GetAsync($"{Neuron}/activations?sort=activation&limit=3")).GetProperty("items").EnumerateArray().Select(Image));
        var images = (await api.AllAsync("atlases/demo/images", 500)).ToDictionary(row => row.GetProperty("index").GetInt32());
        Assert.All(all, row => Assert.Equal(images[Image(row)].GetProperty("path").GetString(), row.GetProperty("path").GetString()));

        foreach (var name in new[] { "dog", "DOG", "1" })
            Assert.Equal(
                images.Where(row => row.Value.GetProperty("class").GetString() == "dog").Select(row => row.Key).Order(),
                (await api.AllAsync($"{Neuron}/activations?class={name}&sort=image", 500)).Select(Image));
        Assert.Equal([5, 2], (await api.AllAsync($"{Neuron}/activations?images=2,5", 500)).Select(Image).OrderDescending());
        var path = images[3].GetProperty("path").GetString()!;
        Assert.Equal(
            [3], (await api.AllAsync($"{Neuron}/activations?path={Uri.EscapeDataString(path)}", 500)).Select(Image));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Distribution_correlation_and_likeness_are_those_of_plain_loops(Engine engine)
    {
        await using var api = await ApiHost.StartAsync(engine);
        var values = await KeepAsync(api);
        var found = await api.GetAsync($"{Neuron}/distribution?bins=4&quantiles=0,1");
        Assert.Equal(values.Length, found.GetProperty("images").GetInt32());
        Assert.Equal(values.Average(row => (double)row[1]), found.GetProperty("mean").GetDouble(), 1e-9);
        Assert.Equal(values.Min(row => (double)row[1]), found.GetProperty("quantiles").GetProperty("0").GetDouble());
        Assert.Equal(values.Max(row => (double)row[1]), found.GetProperty("quantiles").GetProperty("1").GetDouble());
        Assert.Equal(values.Length, found.GetProperty("histogram").EnumerateArray().Sum(count => count.GetInt32()));

        var correlation = await api.GetAsync("atlases/demo/correlation?one=conv1:0&other=conv1:1");
        var (x, y) = (values.Select(row => (double)row[0]).ToArray(), values.Select(row => (double)row[1]).ToArray());
        var (meanX, meanY) = (x.Average(), y.Average());
        var expected = x.Zip(y, (a, b) => (a - meanX) * (b - meanY)).Sum()
            / Math.Sqrt(x.Sum(a => (a - meanX) * (a - meanX)) * y.Sum(b => (b - meanY) * (b - meanY)));
        Assert.Equal(expected, correlation.GetProperty("correlation").GetDouble(), 1e-9);

        var alike = (await api.GetAsync("atlases/demo/images/2/alike?layer=conv1&limit=4")).GetProperty("items").EnumerateArray().ToList();
        double Cosine(Half[] a, Half[] b) => a.Zip(b, (p, q) => (double)p * (double)q).Sum()
            / Math.Sqrt(a.Sum(p => (double)p * (double)p) * b.Sum(q => (double)q * (double)q));
        Assert.Equal(
            values.Index().Where(entry => entry.Index != 2).OrderByDescending(entry => Cosine(values[2], entry.Item)).Take(4)
                .Select(entry => entry.Index),
            alike.Select(Image));
        Assert.Equal(Cosine(values[2], values[Image(alike[0])]), alike[0].GetProperty("similarity").GetDouble(), 1e-6);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task An_image_names_its_neurons_and_a_layer_comes_as_a_file(Engine engine)
    {
        await using var api = await ApiHost.StartAsync(engine);
        var values = await KeepAsync(api);
        var rows = (await api.GetAsync("atlases/demo/images/4/activations")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(values[4].Length, rows.Count);
        Assert.All(rows, row => Assert.Equal(
            (float)values[4][row.GetProperty("channel").GetInt32()], row.GetProperty("activation").GetSingle()));
        var shares = rows.Select(row => row.GetProperty("share_of_max")).Where(share => share.ValueKind != JsonValueKind.Null)
            .Select(share => share.GetDouble()).ToList();
        Assert.Equal(shares.OrderDescending(), shares);

        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(
            folder.File("layer.npy"), await api.Http.GetByteArrayAsync("/api/v1/atlases/demo/layers/conv1/activations.npy", _cancellation),
            _cancellation);
        Assert.Equal(values.SelectMany(row => row.Select(value => (float)value)), NpyArray.Read(folder.File("layer.npy")).ToFloats());

        var kept = Assert.Single((await api.GetAsync("atlases/demo/activations")).GetProperty("items").EnumerateArray());
        Assert.Equal(("conv1", values.Length), (kept.GetProperty("layer").GetString(), kept.GetProperty("images").GetInt32()));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Exemplars_are_drawn_from_bands_or_are_the_strongest_of_the_best_classes(Engine engine)
    {
        await using var api = await ApiHost.StartAsync(engine);
        float[] one = [.. (await KeepAsync(api)).Select(row => (float)row[1])];
        var drawn = (await api.GetAsync($"{Neuron}/exemplars")).GetProperty("items").EnumerateArray().ToList();
        // Of ten images five lie above the median, one in each of the four widest bands and one in the last of all.
        Assert.Equal(one.Index().OrderByDescending(entry => entry.Item).Take(5).Select(entry => entry.Index), drawn.Select(Image));
        // As floats, because single and double precision are not written alike.
        Assert.All(drawn, row => Assert.InRange(
            row.GetProperty("activation").GetSingle(), row.GetProperty("low").GetSingle(), row.GetProperty("high").GetSingle()));

        var labels = (await api.AllAsync("atlases/demo/images", 500)).ToDictionary(
            row => row.GetProperty("index").GetInt32(), row => row.GetProperty("class").GetString());
        double[] sums = new double[FilledCatalog.Spec.Layers[0].Channels];
        (sums[1], var others) = (4, new double[sums.Length]);
        await ClassMeans.PutAsync(api.Store, "demo", "conv1", [(0, 4, others), (1, 6, sums)], sums.Length, _cancellation);
        var best = (await api.GetAsync($"{Neuron}/exemplars?by=classes")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(
            new[] { "dog", "cat" }.SelectMany(name => one.Index().Where(entry => labels[entry.Index] == name)
                .OrderByDescending(entry => entry.Item).Take(3).Select(entry => (name, entry.Index))),
            best.Select(row => (row.GetProperty("group").GetString()!, Image(row))));
        Assert.Equal(4 / 6.0, best[0].GetProperty("mean").GetDouble(), 1e-6);
    }

    [Fact]
    public async Task What_is_missing_or_wrong_is_named()
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        var values = await KeepAsync(api);
        await Refused($"{Neuron}/activations?sort=size", 400, "sort: 'size' is unknown");
        await Refused($"{Neuron}/activations?class=horse", 400, "has no class 'horse'");
        await Refused($"{Neuron}/activations?images=1,x", 400, "'x' is not the index");
        await Refused($"{Neuron}/distribution?quantiles=2", 400, "'2' is not a number from 0 to 1");
        await Refused($"{Neuron}/exemplars?by=size", 400, "by: 'size' is unknown; use bands or classes");
        await Refused($"{Neuron}/distribution?bins=0", 400, "bins: 0 is not from 1 to 1000");
        await Refused($"atlases/demo/layers/conv1/neurons/{values[0].Length}/activations", 404, "has no neuron");
        await Refused("atlases/demo/layers/logits/neurons/0/activations", 404, "No activations of layer 'logits' are kept");
        await Refused("atlases/demo/images/99999/activations?layer=conv1", 404, "has no image 99999");
        await Refused("atlases/demo/correlation?one=conv1&other=conv1:1", 400, "'conv1' is not a neuron");

        async Task Refused(string path, int status, string message)
        {
            var answer = await api.Http.GetAsync($"/api/v1/{path}", _cancellation);
            Assert.Equal((HttpStatusCode)status, answer.StatusCode);
            Assert.Contains(message, await answer.Content.ReadAsStringAsync(_cancellation), StringComparison.Ordinal);
        }
    }

    private static int Image(JsonElement row) => row.GetProperty("image").GetInt32();

    private async Task<Half[][]> KeepAsync(ApiHost api)
    {
        var (layer, images, random) = (FilledCatalog.Spec.Layers[0], FilledCatalog.Spec.Images.Count, new Random(5));
        Assert.Equal("conv1", layer.Name);
        Half[][] values = [.. Enumerable.Range(0, images).Select(_ => Enumerable.Range(0, layer.Channels)
            .Select(_ => (Half)random.NextDouble()).ToArray())];
        var writer = new ActivationWriter(api.Store, "demo");
        await writer.PutShardAsync(
            0, layer.Name, layer.Channels, values.SelectMany(row => row).ToArray(), null, (long)layer.Height * layer.Width, _cancellation);
        await writer.JoinAsync(layer, images, null, hasPositions: false, [[.. Enumerable.Range(0, images)]], _cancellation);
        return values;
    }
}
