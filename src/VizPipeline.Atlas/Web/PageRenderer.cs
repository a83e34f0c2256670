using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.Logging;

namespace VizPipeline.Atlas.Web;

/// <summary>Renders page components to HTML, for the server and for static sites.</summary>
public sealed class PageRenderer(IServiceProvider services, ILoggerFactory logging)
{
    /// <summary>Renders a whole document.</summary>
    /// <param name="parameters">Names and values of the component's parameters.</param>
    public async Task<string> RenderAsync<TComponent>(params (string Name, object? Value)[] parameters)
        where TComponent : IComponent
    {
        await using var renderer = new HtmlRenderer(services, logging);
        var values = ParameterView.FromDictionary(parameters.ToDictionary(pair => pair.Name, pair => pair.Value));
        return await renderer.Dispatcher.InvokeAsync(
            async () => "<!DOCTYPE html>\n" + (await renderer.RenderComponentAsync<TComponent>(values)).ToHtmlString());
    }
}
