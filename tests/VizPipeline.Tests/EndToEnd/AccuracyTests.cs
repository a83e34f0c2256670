using System.Runtime.InteropServices;
using VizPipeline.Catalog;
using VizPipeline.Coordinator;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Sample.Model;

namespace VizPipeline.Tests.EndToEnd;

[Collection(VizProcesses.Name)]
public sealed class AccuracyTests(SampleMaterial material)
{
    private static readonly IReadOnlyList<string> Classes = SampleNetwork.Description.Classes;

    [Fact]
    public async Task The_accuracy_of_the_network_is_told_everywhere()
    {
        var folder = material.Out("accuracy");
        var output = await BuildAsync(folder, Classes, "logits");

        var manifest = VizJson.Read<AtlasManifest>(await File.ReadAllBytesAsync(
            Path.Combine(folder, "manifest.json"), TestContext.Current.CancellationToken));
        var accuracy = manifest.Accuracy!;
        Assert.Equal((40, Classes.Count), (accuracy.Images, accuracy.Outputs));
        // The sample network is trained on such pictures.
        Assert.InRange(accuracy.Top1, 0.8, 1);
        Assert.InRange(accuracy.Top5, accuracy.Top1, 1);
        Assert.Contains($"A{accuracy.ToString()[1..]}\n", output);
        Assert.DoesNotContain(NetworkAccuracy.ChanceWarning, output);
        Assert.Contains($"{accuracy}\n", (await VizProcess.Run("status", folder)).Output);
    }

    [Fact]
    public async Task The_manifest_says_how_and_where_the_atlas_was_made_and_its_pictures_say_what_they_show()
    {
        var folder = material.Out("manifest");
        await BuildAsync(folder, Classes, "conv1");

        var manifest = VizJson.Read<AtlasManifest>(await File.ReadAllBytesAsync(
            Path.Combine(folder, "manifest.json"), TestContext.Current.CancellationToken));
        Assert.Equal(["run", "--model", material.Model], manifest.Command!.Take(3));
        Assert.True(manifest.StartedAt < manifest.FinishedAt);
        var machine = Assert.Single(manifest.Machines);
        Assert.Equal(
            (Environment.MachineName, "cpu", Environment.ProcessorCount), (machine.Host, machine.Device, machine.Processors));
        Assert.NotEmpty(machine.Cpu!);
        Assert.Equal(manifest.Libtorch, machine.Libtorch);
        Assert.InRange(machine.Threads, 1, Environment.ProcessorCount);
        Assert.Equal((RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription), (machine.Os, machine.Dotnet));

        var texts = Png.ReadTexts(await File.ReadAllBytesAsync(
            Path.Combine(folder, "pictures/conv1/top9/00002.png"), TestContext.Current.CancellationToken));
        Assert.Equal("sample-network conv1 2: top 9 patches", texts["Title"]);
        Assert.Equal((manifest.Spec.Id, manifest.SpecHash, "conv1", "2"), (
            texts["Atlas"], texts["Atlas spec"], texts["Layer"], texts["Neuron"]));
        Assert.Equal("contact sheet", Png.ReadTexts(await File.ReadAllBytesAsync(
            Path.Combine(folder, "sheets/conv1.png"), TestContext.Current.CancellationToken))["Kind"]);
    }

    [Fact]
    public async Task Classes_in_another_order_are_warned_of()
    {
        var output = await BuildAsync(material.Out("other-order"), [.. Classes.Skip(1), Classes[0]], "logits");

        Assert.Contains(NetworkAccuracy.ChanceWarning, output);
    }

    [Fact]
    public async Task Without_the_outputs_nothing_is_said()
    {
        var output = await BuildAsync(material.Out("no-outputs"), Classes, "conv1");

        Assert.DoesNotContain("ccuracy", output);
    }

    [Theory]
    [InlineData(100, 0.01, 100, true)]
    [InlineData(100, 0.04, 100, false)]
    [InlineData(300, 0.003, 1000, true)]
    [InlineData(300, 0.02, 1000, false)]
    [InlineData(9, 0, 1000, false)]
    [InlineData(100, 0.5, 2, true)]
    [InlineData(100, 1, 1, false)]
    public void Near_chance_is_what_guessing_gives(int images, double top1, int outputs, bool isNear)
        => Assert.Equal(isNear, new NetworkAccuracy(images, top1, 1, outputs).IsNearChance);

    private async Task<string> BuildAsync(string folder, IReadOnlyList<string> classes, string layers)
    {
        var names = folder + ".txt";
        await File.WriteAllLinesAsync(names, classes, TestContext.Current.CancellationToken);
        var (code, output, error) = await VizProcess.Run(
            "run", "--model", material.Model, "--images", material.Images, "--limit", "40", "--layers", layers, "--methods", "top9",
            "--class-names", names, "--cache", "none", "--out", folder);
        Assert.True(code == 0, error);
        return output;
    }
}
