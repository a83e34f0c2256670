using Microsoft.Extensions.Hosting;

namespace VizPipeline.Web;

/// <summary>Puts the atlas, pages and API, into a host.</summary>
public static class AtlasExtensions
{
    /// <summary>Adds what pages and API need. The host must also have a <c>CatalogDatabase</c>, an <c>IObjectStore</c> and a bus.</summary>
    public static IHostApplicationBuilder AddAtlas(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder;
    }
}
