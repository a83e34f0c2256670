using System.CommandLine;
using VizPipeline.Images;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;

namespace VizPipeline.Cli.CommandLine;

/// <summary>A network on its device and its preprocessing, for commands that compute something.</summary>
internal sealed class RunningNetwork : IDisposable
{
    private RunningNetwork(NetworkRunner runner, Preprocessing preprocessing) => (Runner, Preprocessing) = (runner, preprocessing);

    public NetworkRunner Runner { get; }

    public NetworkGraph Graph => Runner.Graph;

    public Preprocessing Preprocessing { get; }

    /// <summary>
    /// Moves <paramref name="graph"/> to its device. Callers open the graph first, so that wrong layers are reported before libtorch is
    /// loaded.
    /// </summary>
    public static RunningNetwork Start(NetworkGraph graph, ModelOptions options, ParseResult parsed)
    {
        var preprocessing = options.GetPreprocessing(parsed, graph);
        return new RunningNetwork(new NetworkRunner(graph, options.GetDevice(parsed)), preprocessing);
    }

    public void Dispose() => Runner.Dispose();
}
