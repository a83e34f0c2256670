using System.Security.Cryptography;
using VizPipeline.Cli.Models;
using VizPipeline.Network.Zoo;

namespace VizPipeline.Tests.Cli.Models;

public sealed class WeightsDownloadTests : IDisposable
{
    private static readonly byte[] Content = MakeContent();

    private readonly string _folder = Directory.CreateTempSubdirectory("viz-models-").FullName;
    private readonly HttpClient _client = new();

    private static ZooWeights Weights { get; } = new(
        "IMAGENET1K_V1", $"tiny-{Convert.ToHexStringLower(SHA256.HashData(Content))[..8]}.pth");

    private string Place => Path.Combine(_folder, "models", Weights.File);

    public void Dispose()
    {
        _client.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_file_comes_whole_and_is_checked()
    {
        await using var server = await WeightsServer.StartAsync(app => WeightsServer.Of(app, Content));
        var steps = new Steps();
        await FetchAsync(server, steps);
        Complete();
        Assert.Equal((Content.Length, Content.Length), (steps.Last.Done, steps.Last.Total));
        Assert.Equal([("", "")], server.Asked);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_broken_download_goes_on_or_begins_again_where_the_server_has_no_ranges(bool hasRanges)
    {
        await using var server = await WeightsServer.StartAsync(app => WeightsServer.Of(app, Content, hasRanges: hasRanges, breaks: 2));
        await FetchAsync(server);
        Complete();
        Assert.Equal(3, server.Asked.Count);
        Assert.All(server.Asked.Skip(1), asked => Assert.Matches("^bytes=[1-9][0-9]*-$", asked.Range));
        Assert.All(server.Asked.Skip(1), asked => Assert.Equal(server.Tag, asked.If));
    }

    [Fact]
    public async Task A_server_that_falls_silent_counts_as_broken()
    {
        await using var server = await WeightsServer.StartAsync(app => WeightsServer.Of(app, Content, silences: 1));
        await FetchAsync(server, silence: TimeSpan.FromSeconds(0.4));
        Complete();
        Assert.Equal(2, server.Asked.Count);
    }

    [Fact]
    public async Task A_download_that_ends_in_the_middle_says_so_and_the_next_one_goes_on()
    {
        await using (var server = await WeightsServer.StartAsync(app => WeightsServer.Of(app, Content, hasRanges: false, breaks: 99)))
        {
            var failure = await Assert.ThrowsAsync<DownloadException>(() => FetchAsync(server));
            Assert.Contains("the same command resumes the download", failure.Message, StringComparison.Ordinal);
            Assert.False(File.Exists(Place));
        }
        var length = new FileInfo(Place + ".part").Length;
        Assert.InRange(length, 1, Content.Length - 1);
        await using var next = await WeightsServer.StartAsync(app => WeightsServer.Of(app, Content));
        await FetchAsync(next);
        Complete();
        Assert.Equal([($"bytes={length}-", "\"one\"")], next.Asked);
    }

    [Theory]
    [InlineData("\"one\"", true, 1)]
    [InlineData("\"two\"", true, 1)]
    [InlineData("\"one\"", false, 1)]
    public async Task Of_a_file_that_has_changed_everything_is_fetched(string tag, bool isPrefix, int requests)
    {
        Leave(isPrefix ? Content[..70_000] : new byte[70_000], "\"one\"");
        await using var server = await WeightsServer.StartAsync(app => WeightsServer.Of(app, Content, tag));
        if (isPrefix)
        {
            await FetchAsync(server);
            Complete();
        }
        else
        {
            // Other bytes with the same ETag: only the checksum detects them, and the file is deleted.
            Assert.Contains(
                "was deleted", (await Assert.ThrowsAsync<DownloadException>(() => FetchAsync(server))).Message, StringComparison.Ordinal);
            Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(Place)!));
        }
        Assert.Equal(requests, server.Asked.Count);
        Assert.Equal(("bytes=70000-", "\"one\""), server.Asked.First());
    }

    [Fact]
    public async Task What_was_there_whole_already_is_only_checked()
    {
        Leave(Content, "\"one\"");
        await using var server = await WeightsServer.StartAsync(app => WeightsServer.Of(app, Content));
        await FetchAsync(server);
        Complete();
    }

    [Fact]
    public async Task More_than_the_server_has_is_fetched_again()
    {
        Leave([.. Content, 1, 2, 3], "\"one\"");
        await using var server = await WeightsServer.StartAsync(app => WeightsServer.Of(app, Content));
        await FetchAsync(server);
        Complete();
    }

    [Fact]
    public async Task A_wrong_checksum_leaves_nothing_and_names_both()
    {
        await using var server = await WeightsServer.StartAsync(app => WeightsServer.Of(app, [.. Content[..^1], 0]));
        var message = (await Assert.ThrowsAsync<DownloadException>(() => FetchAsync(server))).Message;
        Assert.Contains(Weights.HashStart, message, StringComparison.Ordinal);
        Assert.Contains("--from", message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(Place)!));
    }

    [Fact]
    public async Task Without_a_network_one_line_says_where_to_put_the_file()
    {
        var download = new WeightsDownload(
            _client, new Uri("http://127.0.0.1:1/models/"), new DownloadPatience(TimeSpan.FromSeconds(5), TimeSpan.Zero));
        var message =
            (await Assert.ThrowsAsync<DownloadException>(
                () => download.FetchAsync(Weights, Place, 1 << 20, null, TestContext.Current.CancellationToken))).Message;
        Assert.Contains($"http://127.0.0.1:1/models/{Weights.File}", message, StringComparison.Ordinal);
        Assert.Contains($"copy it to {Place}", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(Place)!));
    }

    [Fact]
    public async Task A_refusal_is_named()
    {
        await using var server = await WeightsServer.StartAsync(app => WeightsServer.Of(app, Content));
        var download = new WeightsDownload(_client, server.Address, new DownloadPatience(TimeSpan.FromSeconds(5), TimeSpan.Zero));
        var missing = Weights with { File = "missing-00000000.pth" };
        var message =
            (await Assert.ThrowsAsync<DownloadException>(
                () => download.FetchAsync(
                    missing, Path.Combine(_folder, missing.File), 1 << 20, null, TestContext.Current.CancellationToken))).Message;
        Assert.Contains("404 Not Found", message, StringComparison.Ordinal);
        Assert.Single(server.Asked);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(99)]
    public async Task A_server_that_is_busy_is_asked_again(int refusals)
    {
        await using var server = await WeightsServer.StartAsync(app => WeightsServer.Of(app, Content, refusals: refusals));
        if (refusals < 5)
        {
            await FetchAsync(server);
            Complete();
            return;
        }
        Assert.Contains(
            "429 Too Many Requests", (await Assert.ThrowsAsync<DownloadException>(() => FetchAsync(server))).Message,
            StringComparison.Ordinal);
        Assert.Equal(5, server.Asked.Count);
    }

    [Fact]
    public async Task A_line_that_breaks_often_brings_the_file_as_long_as_it_brings_more()
    {
        await using var server = await WeightsServer.StartAsync(app => WeightsServer.Of(app, Content, breaks: 8));
        await FetchAsync(server);
        Complete();
        Assert.Equal(9, server.Asked.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task More_than_the_architecture_can_have_is_not_taken(bool hasLength)
    {
        await using var server = await WeightsServer.StartAsync(app => WeightsServer.Of(app, Content, hasLength: hasLength));
        var failure = await Assert.ThrowsAsync<DownloadException>(() => FetchAsync(server, mostBytes: Content.Length - 1));
        Assert.Contains("larger than weights of this architecture can be", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(Place)!));
    }

    [Fact]
    public async Task What_another_process_has_just_put_there_is_left_alone()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Place)!);
        File.WriteAllBytes(Place, Content);
        await using var server = await WeightsServer.StartAsync(app => WeightsServer.Of(app, Content));
        await FetchAsync(server);
        Complete();
        Assert.Empty(server.Asked);
    }

    [Fact]
    public void Files_with_auxiliary_heads_and_the_largest_are_within_the_bound()
    {
        // In MiB, from torchvision's documentation.
        foreach (var (name, size) in new[] { ("googlenet", 49.8), ("inception_v3", 104), ("vgg19", 548.1) })
            Assert.InRange(size * (1 << 20), 1, WeightsDownload.MostBytes(ZooModels.Find(name)!.Plan().Parameters));
    }

    [Fact]
    public async Task Two_processes_do_not_write_one_file()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Place)!);
        await using var server = await WeightsServer.StartAsync(app => WeightsServer.Of(app, Content));
        using var other = new FileStream(Place + ".part", FileMode.Create, FileAccess.Write, FileShare.None);
        Assert.Contains(
            "another process", (await Assert.ThrowsAsync<PartFileException>(() => FetchAsync(server))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(12_000_000, 44_700_000L, 3_100_000, "12.0 of 44.7 MB, 3.1 MB/s, 10 s left")]
    [InlineData(12_000_000, null, 3_100_000, "12.0 MB, 3.1 MB/s")]
    [InlineData(0, 44_700_000L, 0, "0.0 of 44.7 MB")]
    public void Progress_is_told_in_bytes_rate_and_time_left(long done, long? total, double rate, string text)
        => Assert.Equal(text, DownloadDisplay.Format(new DownloadProgress(done, total, rate)));

    private Task FetchAsync(WeightsServer server, Steps? steps = null, TimeSpan? silence = null, long mostBytes = 1 << 20) =>
        new WeightsDownload(_client, server.Address, new DownloadPatience(silence ?? TimeSpan.FromSeconds(20), TimeSpan.Zero))
            .FetchAsync(Weights, Place, mostBytes, steps, TestContext.Current.CancellationToken);

    private void Complete()
    {
        Assert.Equal(Content, File.ReadAllBytes(Place));
        Assert.Equal([Place], Directory.GetFiles(Path.GetDirectoryName(Place)!));
    }

    private void Leave(byte[] bytes, string tag)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Place)!);
        File.WriteAllBytes(Place + ".part", bytes);
        File.WriteAllText(Place + ".part.tag", tag);
    }

    private static byte[] MakeContent()
    {
        var content = new byte[300_000];
        new Random(7).NextBytes(content);
        return content;
    }

    private sealed class Steps : IProgress<DownloadProgress>
    {
        public DownloadProgress Last { get; private set; }

        public void Report(DownloadProgress value) => Last = value;
    }
}
