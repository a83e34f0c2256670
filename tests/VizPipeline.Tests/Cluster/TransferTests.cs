using VizPipeline.Catalog;
using VizPipeline.Tests.Containers;
using VizPipeline.Tests.EndToEnd;
using FinishedAtlas = VizPipeline.Tests.Cli.FinishedAtlas;

namespace VizPipeline.Tests.Cluster;

/// <summary>Copies atlases between folders and a real cluster, as <c>viz push</c> and <c>viz pull</c> do.</summary>
[Collection(ClusterProcesses.Name)]
[Trait("Speed", "Slow")]
public class TransferTests(SampleMaterial material)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_atlas_goes_to_a_cluster_and_comes_back_and_grows_at_both_places()
    {
        var (here, back) = (material.Out("pushed"), material.Out("pulled"));
        await using var cluster = await TestCluster.StartAsync(material);
        cluster.AddWorkers(1);
        await cluster.WaitForWorkersAsync(1, _cancellation);
        string[] spec = ["--model", material.Model, "--images", material.Images, "--layers", "conv1,logits", "--methods", "top9,deconv"];
        await RunAsync(cluster, ["run", .. spec, "--out", here, "--name", "Sample network"]);
        var id = "sample-network";

        // An object of an earlier try with other content is replaced.
        using var store = cluster.Store();
        await store.PutAsync($"atlases/{id}/sheets/conv1.png", new byte[] { 1, 2, 3 }, _cancellation);
        // docs/cluster.md
        var commands = MarkdownCommands.Of("Copying atlases", "docs", "cluster.md").Select(
            line => line.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..].Select(
                word => word switch { "atlas" => here, "copy" => back, _ => word }).ToArray()).ToList();
        Assert.Equal(["push", "pull"], commands.Select(command => command[0]));
        var pushed = await RunAsync(cluster, commands[0]);
        Assert.Contains($"the cluster has atlas '{id}' with every file", pushed);
        Assert.DoesNotContain("Without the network", pushed);
        var (exitCode, again) = await cluster.VizAsync(_cancellation, "push", here);
        Assert.Equal(2, exitCode);
        Assert.Contains($"has an atlas '{id}' already", Assert.Single(again.Trim().Split('\n')));

        await RunAsync(cluster, commands[1]);
        Assert.Contains("all agree", await RunAsync(cluster, ["verify", back, "--model", material.Model, "--images", material.Images]));
        SameFiles(here, back);

        // At the cluster the atlas grows like one that was built there.
        var grown = await RunAsync(cluster, ["submit", .. spec, "--layers", "conv1,conv2,logits", "--name", "Sample network"]);
        Assert.Contains("Growing atlas", grown);
        Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(_cancellation));
        await cluster.ManifestAsync(_cancellation);
        await RunAsync(cluster, ["run", .. spec, "--layers", "conv1,conv2,logits", "--out", here, "--name", "Sample network"]);
        var later = material.Out("pulled-later");
        await RunAsync(cluster, ["pull", id, "--to", later]);
        SameFiles(here, later);
    }

    [Fact]
    public async Task Pulling_says_in_one_line_what_is_wrong()
    {
        await using var cluster = await TestCluster.StartAsync(material);
        cluster.AddWorkers(1);
        await cluster.WaitForWorkersAsync(1, _cancellation);
        await IsRefusedAsync("no atlas 'nothing-here'", "pull", "nothing-here", "--to", material.Out("none"));
        await IsRefusedAsync("is not the id of an atlas", "pull", "../x", "--to", material.Out("none"));
        await IsRefusedAsync("is not empty", "pull", "nothing-here", "--to", material.Images);
        Assert.False(Directory.Exists(material.Out("none")));

        async Task IsRefusedAsync(string part, params string[] arguments)
        {
            var (exitCode, output) = await cluster.VizAsync(_cancellation, arguments);
            Assert.Equal(2, exitCode);
            Assert.Contains(part, Assert.Single(output.Trim().Split('\n')));
        }
    }

    // The same pictures and tables; what tells of time, machine and place differs.
    private static void SameFiles(string one, string other)
    {
        var (left, right) = (Contents(one), Contents(other));
        Assert.Equal(left.Keys, right.Keys);
        Assert.All(left, pair => Assert.True(pair.Value.AsSpan().SequenceEqual(right[pair.Key]), pair.Key));

        static SortedDictionary<string, byte[]> Contents(string folder)
        {
            var files = FinishedAtlas.ReadAll(folder);
            foreach (var name in files.Keys.Where(name => name.StartsWith("scan/", StringComparison.Ordinal)
                || name.StartsWith("machines/", StringComparison.Ordinal)
                || name is "manifest.json" or "objects.json" or "spec.json" or "atlas.db" or "images.json").ToList())
                files.Remove(name);
            return files;
        }
    }

    private async Task<string> RunAsync(TestCluster cluster, string[] arguments)
    {
        var (exitCode, output) = await cluster.VizAsync(_cancellation, arguments);
        Assert.True(exitCode == 0, output);
        return output;
    }
}
