using SkiaSharp;

namespace VizPipeline.Sample.Pictures;

/// <summary>Adds the effects of a camera: light falling across the scene, exposure, tint and grain.</summary>
internal static class Finish
{
    /// <summary>Adds light from one side and, sometimes, dark corners.</summary>
    public static void Light(Brush brush, SKPoint towardsLight, float side)
    {
        var middle = new SKPoint(side / 2, side / 2);
        var offset = new SKPoint(towardsLight.X * side * 0.6f, towardsLight.Y * side * 0.6f);
        var strength = brush.Dice.Between(0, 0.3f);
        using var across = SKShader.CreateLinearGradient(
            middle + offset,
            middle - offset,
            [
                SKColors.White.WithAlpha((byte)(200 * strength)),
                SKColors.White.WithAlpha(0),
                SKColors.Black.WithAlpha((byte)(255 * strength)),
            ],
            SKShaderTileMode.Clamp);
        using var paint = new SKPaint { Shader = across };
        brush.Canvas.DrawPaint(paint);
        if (!brush.Dice.Chance(0.3f))
            return;
        using var corners = SKShader.CreateRadialGradient(
            middle,
            side * 0.75f,
            [SKColors.Black.WithAlpha(0), SKColors.Black.WithAlpha((byte)brush.Dice.Whole(40, 150))],
            [0.5f, 1],
            SKShaderTileMode.Clamp);
        paint.Shader = corners;
        brush.Canvas.DrawPaint(paint);
    }

    /// <summary>Converts RGBA to RGB with contrast, exposure and grain.</summary>
    public static byte[] Develop(ReadOnlySpan<byte> rgba, Dice dice)
    {
        float contrast = dice.Between(0.75f, 1.15f), exposure = dice.Between(-18, 18);
        var grain = dice.Chance(0.6f) ? dice.Between(0, 9) : 0;
        Span<float> tint = [dice.Between(0.93f, 1.07f), dice.Between(0.95f, 1.05f), dice.Between(0.93f, 1.07f)];
        var pixels = new byte[rgba.Length / 4 * 3];
        for (int from = 0, to = 0; from < rgba.Length; from += 4)
        {
            // One draw serves a pixel: 3 x 16 bits for colour grain, each the sum of two uniform bytes (a triangle, close to normal).
            var bits = dice.Next();
            for (var channel = 0; channel < 3; channel++, to++, bits >>= 16)
            {
                var noise = ((bits & 0xFF) + ((bits >> 8) & 0xFF)) * (1f / 255) - 1;
                var value = ((rgba[from + channel] - 128) * contrast + 128) * tint[channel] + exposure + grain * 2 * noise;
                pixels[to] = (byte)Math.Clamp(value + 0.5f, 0, 255);
            }
        }
        return pixels;
    }
}
