using Microsoft.Extensions.Configuration;
using VizPipeline.Hosting;
using VizPipeline.Images;
using VizPipeline.ImageStore;

namespace VizPipeline.Cli.CommandLine;

/// <summary>Opens image sets on this machine, in folders or on the S3 server that the environment configures as for services.</summary>
internal static class ImageRoots
{
    public static ImageRoot Here() => new(
        new ConfigurationBuilder().AddEnvironmentVariables().Build().ImageServer(),
        new ArchiveCache(new DiskBudget()));
}
