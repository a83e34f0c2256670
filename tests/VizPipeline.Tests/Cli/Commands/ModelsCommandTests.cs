using VizPipeline.Network.Zoo;
using VizPipeline.Tests.Cli.Models;

namespace VizPipeline.Tests.Cli.Commands;

public sealed class ModelsCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("viz-models-").FullName;
    private readonly string? _before = Environment.GetEnvironmentVariable("VIZ_MODELS");

    public ModelsCommandTests() => Environment.SetEnvironmentVariable("VIZ_MODELS", _folder);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("VIZ_MODELS", _before);
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_list_has_every_architecture_and_says_what_is_here()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "resnet50-0676ba61.pth"), "", TestContext.Current.CancellationToken);
        var run = (await CommandLineRun.RunAsync("models")).Succeeded();
        var lines = run.Output.Split('\n');
        Assert.All(
            ZooModels.All, model => Assert.Single(lines, line => line.TrimStart().StartsWith($"{model.Name} ", StringComparison.Ordinal)));
        var resnet = Assert.Single(lines, line => line.TrimStart().StartsWith("resnet50 ", StringComparison.Ordinal));
        Assert.Contains("25,557,032", resnet, StringComparison.Ordinal);
        Assert.Contains("present (V1)", resnet, StringComparison.Ordinal);
        Assert.Contains(
            "299x299", Assert.Single(lines, line => line.Contains("inception_v3", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains(_folder, run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_is_told_in_detail()
    {
        var output = (await CommandLineRun.RunAsync("models", "EfficientNet_B3")).Succeeded().Output;
        Assert.Contains("https://download.pytorch.org/models/efficientnet_b3_rwightman-b3899882.pth", output, StringComparison.Ordinal);
        Assert.Contains("shorter side 320, centre 300x300", output, StringComparison.Ordinal);
        Assert.Contains("bicubic", output, StringComparison.Ordinal);
        Assert.Contains("12,233,232 parameters", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_wishes_are_one_line()
    {
        (await CommandLineRun.RunAsync("models", "resnet-50")).ComplainedOf("resnet-50", "did you mean resnet50?");
        (await CommandLineRun.RunAsync("models", "pull", "gpt4")).ComplainedOf("gpt4", "viz models");
        (await CommandLineRun.RunAsync("models", "pull", "tiny-darknet")).ComplainedOf("tiny-darknet", "--weights");
        (await CommandLineRun.RunAsync("models", "pull", "resnet50", "--version", "V3")).ComplainedOf("V3", "V2, V1");
        (await CommandLineRun.RunAsync("models", "pull", "resnet50", "--from", "ftp://example.org/"))
            .ComplainedOf("ftp://example.org/", "https://download.pytorch.org/models/");
        (await CommandLineRun.RunAsync("models", "pull", "resnet18", "--from", "http://127.0.0.1:1/mirror"))
            .ComplainedOf("http://127.0.0.1:1/mirror/resnet18-f37072fd.pth", Path.Combine(_folder, "resnet18-f37072fd.pth"));
    }

    [Fact]
    public async Task A_mirror_with_another_file_is_found_out()
    {
        await using var server = await WeightsServer.StartAsync(app => WeightsServer.Of(app, [1, 2, 3]));
        (await CommandLineRun.RunAsync("models", "pull", "squeezenet1_1", "--from", server.Address.ToString()))
            .ComplainedOf("b8a52dc0", "squeezenet1_1-b8a52dc0.pth");
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task Commands_find_weights_that_were_pulled_and_say_how_to_where_there_are_none()
    {
        using var tiny = new TinyNetwork();
        string[] command = ["filters", "--model", "squeezenet1_1", "--layer", "features.0", "--out", tiny.Path("filters.npy")];
        (await CommandLineRun.RunAsync(command)).ComplainedOf("squeezenet1_1", "--weights", "viz models pull squeezenet1_1");
        // The content determines the format, not the name.
        File.Copy(tiny.Path("tiny.safetensors"), Path.Combine(_folder, "squeezenet1_1-b8a52dc0.pth"));
        (await CommandLineRun.RunAsync(command)).Succeeded();
        Assert.True(File.Exists(tiny.Path("filters.npy")));
        (await CommandLineRun.RunAsync("models", "pull", "squeezenet1_1")).Succeeded();
    }
}
