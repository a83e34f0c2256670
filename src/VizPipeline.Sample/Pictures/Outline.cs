using SkiaSharp;

namespace VizPipeline.Sample.Pictures;

/// <summary>Closed outlines in the subject's coordinates.</summary>
internal static class Outline
{
    public static SKPath Polygon(params ReadOnlySpan<SKPoint> corners)
    {
        var path = new SKPath();
        path.MoveTo(corners[0]);
        foreach (var corner in corners[1..])
            path.LineTo(corner);
        path.Close();
        return path;
    }

    public static SKPath Oval(float x, float y, float radiusX, float radiusY)
    {
        var path = new SKPath();
        path.AddOval(new SKRect(x - radiusX, y - radiusY, x + radiusX, y + radiusY));
        return path;
    }

    public static SKPath Disc(float x, float y, float radius) => Oval(x, y, radius, radius);

    public static SKPath Box(float left, float top, float right, float bottom, float corner = 0)
    {
        var path = new SKPath();
        path.AddRoundRect(new SKRect(left, top, right, bottom), corner, corner);
        return path;
    }

    public static SKPoint OnCircle(float degrees, float radius)
        => new(radius * MathF.Cos(degrees * MathF.PI / 180), radius * MathF.Sin(degrees * MathF.PI / 180));
}
