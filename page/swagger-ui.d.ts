declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  /** A request that the viewer is about to send. */
  export interface ViewerRequest {
    url: string;
    headers: Record<string, string>;
  }

  /** What the page calls of a viewer that has started. */
  export interface Viewer {
    /** Fills in the key of a security scheme. */
    preauthorizeApiKey(scheme: string, key: string): void;
  }

  /** Shows an OpenAPI document. The options that the page uses. */
  export default function SwaggerUI(options: {
    url: string;
    domNode: HTMLElement;
    validatorUrl: null;
    deepLinking: boolean;
    docExpansion: "list" | "full" | "none";
    filter: boolean;
    defaultModelsExpandDepth: number;
    displayRequestDuration: boolean;
    requestSnippetsEnabled: boolean;
    tryItOutEnabled: boolean;
    plugins: { wrapComponents: Record<string, () => () => null> }[];
    requestInterceptor(request: ViewerRequest): ViewerRequest;
    onComplete(): void;
  }): Viewer;
}
