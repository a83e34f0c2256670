using Microsoft.Extensions.Configuration;
using VizPipeline.Hosting;
using VizPipeline.Images;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.CommandLine;

/// <summary>Where this machine finds image sets: its folders, and the S3 server that the environment names as it does for services.</summary>
internal static class ImageRoots
{
    public static ImageRoot Here() => new(
        new ConfigurationBuilder().AddEnvironmentVariables().Build().ImageServer(),
        new ArchiveCache(new DiskBudget()));
}
